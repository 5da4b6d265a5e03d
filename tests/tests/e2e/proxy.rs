//! The services apart, behind the proxy of `docs/haproxy.cfg`: the first segment of an address finds the service that answers.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use ccn::Service;
use e2e::{Client, Deployment};
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

/// How the title of a problem begins where no service has the address.
const NO_SUCH_ADDRESS: &str = "Cette adresse n'existe pas";

/// The longest that the proxy may take to listen.
const SECONDS_MAX: u64 = 20;

/// The proxy with the sample as it stands; stopped when dropped.
struct Proxy {
    child: Child,
    addr: SocketAddr,
}

impl Proxy {
    fn start(services: [(&str, SocketAddr); 3]) -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/haproxy.cfg");
        // A port that was free a moment ago: the proxy tells none that it chose itself.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = free.local_addr().expect("an address");
        drop(free);
        let child = Command::new("haproxy")
            .args(["-db", "-q", "-f"])
            .arg(sample)
            .env("CCN_PROXY_LISTEN", addr.to_string())
            .envs(services.map(|(name, addr)| (name, addr.to_string())))
            .spawn()
            .expect("scripts/install-debian test installs haproxy");
        let since = Instant::now();
        while TcpStream::connect_timeout(&addr, Duration::from_millis(100)).is_err() {
            assert!(since.elapsed().as_secs() < SECONDS_MAX, "the proxy does not listen");
        }
        Self { child, addr }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A parameter is replaced by something of its form that is nobody's.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        part if part.contains("{series}") || part.contains("{shard}") || part.contains("{idx}") => "7".to_owned(),
        part if part.starts_with('{') => "00000000-0000-0000-0000-000000000001".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Status and title of a problem: what does not differ from one request to the next.
async fn asked(client: &Client, method: Method, path: &str) -> (u16, Value) {
    let answer = client.send(method, path, None).await;
    let body: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
    (answer.status, body["title"].clone())
}

/// Every operation that `service` describes, asked of it and through the proxy: how many, and which are answered otherwise.
async fn compare(service: Service, alone: &Client, through: &Client) -> (usize, Vec<String>) {
    let document = alone.get("/openapi.json").await.json();
    let prefix = format!("/{service}/");
    let (mut operations, mut wrong) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        let known = *path == filled(path) && path.starts_with("/.well-known/") && service == Service::Issuer;
        if !known && !path.starts_with(&prefix) && !path.starts_with("/catalogue/") {
            // Of the service that shares the issuer's process.
            assert_eq!(service, Service::Issuer, "{path} begins with no prefix of its service");
            continue;
        }
        for method in ["GET", "PUT", "POST", "DELETE"] {
            if item[method.to_lowercase()].is_null() {
                continue;
            }
            let method: Method = method.parse().expect("a method");
            let expected = asked(alone, method.clone(), &filled(path)).await;
            let got = asked(through, method.clone(), &filled(path)).await;
            let nowhere = expected
                .1
                .as_str()
                .is_some_and(|title| title.starts_with(NO_SUCH_ADDRESS));
            operations += 1;
            if got != expected || nowhere {
                wrong.push(format!(
                    "{method} {path}: {got:?} through the proxy, {expected:?} from {service}"
                ));
            }
        }
    }
    (operations, wrong)
}

/// The issuer alone wants sealed keys, so it shares a process with one of the others, and the third is the one that could be missed.
#[testkit::test]
async fn a_proxy_finds_the_service_of_every_operation_by_the_first_segment(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    for (apart, beside) in [
        (Service::Redemption, Service::Funding),
        (Service::Funding, Service::Redemption),
    ] {
        let issuer = deployment.starts(&[Service::Issuer, beside]).await;
        let (one, other) = (deployment.starts(&[apart]).await, deployment.starts(&[beside]).await);
        let (redemption, funding) = match apart {
            Service::Redemption => (one.addr, other.addr),
            _ => (other.addr, one.addr),
        };
        let proxy = Proxy::start([
            ("CCN_ISSUER", issuer.addr),
            ("CCN_REDEMPTION", redemption),
            ("CCN_FUNDING", funding),
        ]);
        let through = Client::at(format!("http://{}", proxy.addr));
        for (service, addr) in [(Service::Issuer, issuer.addr), (apart, one.addr)] {
            let (operations, wrong) = compare(service, &Client::at(format!("http://{addr}")), &through).await;
            assert_eq!(wrong, Vec::<String>::new());
            assert!(operations > 15, "{operations} of {service}");
        }
        assert_eq!(
            through.get("/lieux").await.status,
            200,
            "the public pages are redemption's"
        );
        drop(proxy);
        for running in [issuer, one, other] {
            running.stop().await.expect("it stops");
        }
    }
}
