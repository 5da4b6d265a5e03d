use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::until;
use tokio::time::Instant;

/// What chromedriver writes when it listens.
const STARTED: &str = "was started successfully on port ";

/// After which a page is said not to get there.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// Flags with which Chromium runs without a screen, and asks nobody but us.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
];

/// A real browser (Debian's `chromium` and `chromium-driver`), spoken to in `WebDriver` and its `DevTools` extension.
///
/// Written out, in the few commands that are needed: the Rust libraries for it turn on `serde_json/preserve_order`, which
/// Cargo would turn on for what is tested too.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    port: u16,
    session: String,
    driver: Child,
    profile: TempDir,
}

impl Browser {
    /// Opens one with a new profile and a window of this size in CSS pixels.
    pub async fn open(width: u32, height: u32) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; scripts/install-debian test brings it"));
        let port = port(&mut driver);
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut browser = Self {
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            port,
            session: String::new(),
            driver,
            profile,
        };
        let mut args = FLAGS.map(str::to_owned).to_vec();
        args.push(format!("--user-data-dir={}", browser.profile.path().display()));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        } } });
        let made = browser.send(Method::POST, "/session", &capabilities).await;
        made["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut browser.session);
        browser.resize(width, height).await;
        browser
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self.http.request(method, url).json(body);
        let answer: Value = request
            .send()
            .await
            .expect("chromedriver answers")
            .json()
            .await
            .expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {:#}", answer["value"]);
        answer["value"].clone()
    }

    async fn command(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, &format!("/session/{}{path}", self.session), body)
            .await
    }

    /// A command of the `DevTools` protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        self.command("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
            .await
    }

    /// Another window size, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// From now on, pages run no script of their own.
    pub async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
            .await;
    }

    /// Pages opened from now on believe that it is this instant, in milliseconds.
    pub async fn believes_it_is(&self, at_unix_millis: i64) {
        let source = format!(
            "{{ const Real = Date; globalThis.Date = class extends Real {{
                 constructor(...given) {{ given.length ? super(...given) : super({at_unix_millis}) }}
                 static now() {{ return {at_unix_millis} }} }} }}"
        );
        self.runs_before_pages(&source).await;
    }

    /// From now on, this script runs in every page before the page's own.
    pub async fn runs_before_pages(&self, source: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }))
            .await;
    }

    /// From now on, pages are told that their reader likes them `light` or `dark`.
    pub async fn likes(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// From now on, requests to addresses of these patterns fail, and no others.
    pub async fn blocks(&self, patterns: &[&str]) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": patterns }))
            .await;
    }

    /// Opens an address and waits until it is loaded.
    pub async fn visit(&self, url: &str) {
        // The same page with something else behind # would not be loaded anew.
        self.command("/url", &json!({ "url": "about:blank" })).await;
        self.command("/url", &json!({ "url": url })).await;
    }

    /// The button that goes back.
    pub async fn goes_back(&self) {
        self.command("/back", &json!({})).await;
    }

    /// What an expression gives in the page.
    pub async fn eval(&self, expression: &str) -> Value {
        let script = json!({ "script": format!("return ({expression})"), "args": [] });
        self.command("/execute/sync", &script).await
    }

    /// The text of the first element of a selector, as it is seen.
    pub async fn text(&self, selector: &str) -> String {
        let text = self
            .eval(&format!("(document.querySelector({selector:?}) || {{}}).innerText"))
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&self, expression: &str) {
        let began = Instant::now();
        until(expression, async || {
            let holds = self.eval(&format!("!!({expression})")).await == json!(true);
            if !holds && began.elapsed() > WAIT_MAX {
                let page = self.text("body").await;
                panic!("waited in vain for {expression}; the page says:\n{page}");
            }
            holds.then_some(())
        })
        .await;
    }

    /// Clicks, as a finger does.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.command(&format!("/element/{element}/click"), &json!({})).await;
    }

    /// Types into a field.
    pub async fn types(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.command(&format!("/element/{element}/value"), &json!({ "text": text }))
            .await;
    }

    async fn element(&self, selector: &str) -> String {
        let found = self
            .command("/element", &json!({ "using": "css selector", "value": selector }))
            .await;
        let id = found.as_object().and_then(|found| found.values().next()?.as_str());
        id.unwrap_or_else(|| panic!("{selector} is not there")).to_owned()
    }

    /// Everything that went over the network since the last call: the `Network` events of `DevTools`.
    pub async fn network(&self) -> Vec<Value> {
        let events = self.log("performance").await;
        let parsed = events
            .iter()
            .filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok());
        let messages = parsed.map(|event: Value| event["message"].clone());
        messages
            .filter(|event| {
                event["method"]
                    .as_str()
                    .is_some_and(|method| method.starts_with("Network."))
            })
            .collect()
    }

    /// What the console complained of since the last call: errors of scripts, of policies, of addresses.
    pub async fn complaints(&self) -> Vec<Value> {
        self.log("browser").await
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        self.command("/se/log", &json!({ "type": kind }))
            .await
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Writes what is seen of the whole page to a PNG file.
    pub async fn photograph(&self, path: &Path) {
        let shot = self
            .devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true }))
            .await;
        let png = data_encoding::BASE64
            .decode(shot["data"].as_str().expect("an image").as_bytes())
            .expect("base64");
        std::fs::write(path, png).expect("a folder to write to");
    }

    /// Violations that axe-core finds in the page: rule, help and where.
    pub async fn axe(&self, axe: &str) -> Vec<Value> {
        self.command("/execute/sync", &json!({ "script": axe, "args": [] }))
            .await;
        let run = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then((found) => done(
            found.violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html)])))";
        let found = self
            .command("/execute/async", &json!({ "script": run, "args": [] }))
            .await;
        found.as_array().expect("a list").clone()
    }

    /// Ends the browser, then its driver. Blocking, because it also happens when a test panics.
    fn quit(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = write!(
                stream,
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            );
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.quit();
    }
}

/// The port that the driver chose.
fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
    let port = lines.find_map(|line| {
        let line = line.ok()?;
        line.split_once(STARTED)?.1.trim_end_matches('.').parse().ok()
    });
    port.expect("chromedriver says where it listens")
}
