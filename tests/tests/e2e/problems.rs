//! Errors that a client can work with.

use e2e::{Deployment, Refusal, check, id, write_temporarily};
use serde_json::{Value, json};
use sqlx::PgPool;

#[testkit::test]
async fn every_kind_of_error_is_a_problem_that_names_its_request(pool: PgPool) {
    // Answer checks both for every error; here is one of each way to fail before a use case is reached.
    let deployment = Deployment::new(pool).await;
    let (anyone, operator) = (&deployment.anyone, &deployment.operator.client);
    anyone.get("/nowhere").await.refused(Refusal::NotFound);
    assert_eq!(anyone.delete("/catalogue/v1/services").await.status, 405);
    anyone
        .get("/redemption/v1/structures")
        .await
        .refused(Refusal::Unauthorized);
    anyone
        .with_key("ccn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .get("/redemption/v1/structures")
        .await
        .refused(Refusal::Unauthorized);
    operator
        .get("/catalogue/v1/programmes/not-a-uuid")
        .await
        .refused(Refusal::BadRequest);
    operator
        .get(&format!("/catalogue/v1/programmes/{}", id("none")))
        .await
        .refused(Refusal::NotFound);
    let post = reqwest::Method::POST;
    let send = async |body: &str, content_type| {
        operator
            .send(
                post.clone(),
                "/issuer/v1/organisations",
                Some((body.as_bytes().to_vec(), content_type)),
            )
            .await
    };
    send("{", "application/json").await.refused(Refusal::BadRequest);
    send("{}", "application/json").await.refused(Refusal::BadRequest);
    assert_eq!(send("{}", "text/plain").await.status, 415);
    let huge = vec![b' '; web::UPLOAD_BYTES_MAX + 1];
    assert_eq!(
        operator
            .put(
                &format!("/funding/v1/statements/{}", id("huge")),
                "application/xml",
                &huge
            )
            .await
            .status,
        413
    );
}

#[testkit::test]
async fn a_problem_reads_like_this(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let body = json!({"id": id("nobody"), "name": " ", "roles": ["sponsor"]});
    let answer = deployment.operator.client.post("/issuer/v1/organisations", &body).await;
    insta::assert_json_snapshot!(e2e::redacted(&answer.json()), @r#"
    {
      "detail": "Remplissez le champ « name ».",
      "request_id": "[request]",
      "status": 422,
      "title": "L'organisation n'a pas de nom.",
      "type": "urn:ccn:problem:no-name"
    }
    "#);
}

#[testkit::test]
async fn the_interface_describes_itself_in_openapi(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let answer = deployment.anyone.get("/openapi.json").await;
    let document = answer.clone().accepted();
    let missing: Vec<&str> = ROUTES
        .iter()
        .copied()
        .filter(|route| {
            let (method, path) = route.split_once(' ').expect("METHOD path");
            let shape = |path: &str| {
                path.split('/')
                    .map(|part| if part.starts_with('{') { "{}" } else { part })
                    .collect::<Vec<_>>()
                    .join("/")
            };
            let paths = document["paths"].as_object().expect("paths");
            !paths
                .iter()
                .any(|(known, methods)| shape(known) == shape(path) && methods.get(method.to_lowercase()).is_some())
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "not described");
    let file = write_temporarily(&answer.bytes);
    check("check_openapi.py", &[&file.path()]);
}

/// Whoever has no key is told so before anything else is looked at, wherever the description asks for one; and nowhere else.
#[testkit::test]
async fn the_description_says_what_needs_a_key(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let document = deployment.anyone.get("/openapi.json").await.accepted();
    let (mut asked, mut wrong) = (0, Vec::new());
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let address: Vec<&str> = path
            .split('/')
            .map(|part| match part {
                part if part.starts_with('{') => "00000000-0000-0000-0000-000000000001",
                part => part,
            })
            .collect();
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let Some(operation) = operations.get(method.to_lowercase()) else {
                continue;
            };
            let open = operation["security"] == json!([{}]);
            let method = method.parse().expect("a method");
            let answer = deployment.anyone.send(method, &address.join("/"), None).await;
            asked += 1;
            if (answer.status == 401) == open {
                wrong.push(format!(
                    "{}: {}, described as open: {open}",
                    answer.asked, answer.status
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(asked > 100, "{asked}");
}

/// What clients are promised.
const ROUTES: &[&str] = &[
    "POST /issuer/v1/organisations",
    "POST /issuer/v1/organisations/{}/api-keys",
    "DELETE /issuer/v1/api-keys/{}",
    "GET /catalogue/v1/services",
    "GET /catalogue/v1/programmes",
    "GET /catalogue/v1/programmes/{}",
    "POST /issuer/v1/programmes",
    "POST /issuer/v1/programmes/{}/prescribers",
    "PUT /issuer/v1/programmes/{}/beneficiary-imports/{}",
    "GET /issuer/v1/programmes/{}/beneficiaries",
    "POST /issuer/v1/programmes/{}/orders",
    "GET /issuer/v1/programmes/{}/batches",
    "GET /issuer/v1/programmes/{}/batches/{}",
    "POST /issuer/v1/programmes/{}/batches/{}/mint",
    "POST /issuer/v1/programmes/{}/batches/{}/funding",
    "POST /issuer/v1/programmes/{}/batches/{}/activation",
    "POST /issuer/v1/programmes/{}/batches/{}/cancellation",
    "GET /issuer/v1/programmes/{}/batches/{}/booklets.pdf",
    "GET /issuer/v1/programmes/{}/batches/{}/vouchers.csv",
    "GET /issuer/v1/programmes/{}/batches/{}/voucher-states.csv",
    "GET /issuer/v1/programmes/{}/voucher-states",
    "POST /issuer/v1/programmes/{}/hand-overs",
    "POST /issuer/v1/programmes/{}/revocations",
    "POST /issuer/v1/programmes/{}/replacements",
    "POST /issuer/v1/programmes/{}/expiry",
    "PUT /issuer/v1/programmes/{}/expiry-settings",
    "POST /issuer/v1/programmes/{}/distribution-decisions",
    "POST /issuer/v1/programmes/{}/expiry-acceptance",
    "POST /issuer/v1/expiry/rounds",
    "GET /issuer/v1/booklets",
    "GET /issuer/v1/programmes/{}/booklets/{}",
    "POST /issuer/v1/print-runs",
    "GET /issuer/v1/programmes/{}/paper",
    "PUT /issuer/v1/programmes/{}/paper",
    "PUT /issuer/v1/programmes/{}/logos/{}",
    "GET /issuer/v1/programmes/{}/logos/{}",
    "DELETE /issuer/v1/programmes/{}/logos/{}",
    "POST /issuer/v1/programmes/{}/proofs",
    "GET /issuer/v1/programmes/{}/proofs/{}",
    "GET /issuer/v1/programmes/{}/proofs/{}/proof.pdf",
    "POST /issuer/v1/programmes/{}/proofs/{}/approval",
    "POST /issuer/v1/programmes/{}/batches/{}/printer-files",
    "GET /issuer/v1/programmes/{}/batches/{}/printer-files/{}/carnets.zip",
    "POST /issuer/v1/programmes/{}/batches/{}/reissues",
    "GET /issuer/v1/programmes/{}/batches/{}/vouchers/{}",
    "GET /issuer/v1/keys",
    "POST /issuer/v1/keys",
    "POST /issuer/v1/keys/{}/withdrawal",
    "POST /issuer/v1/keys/delegations",
    "GET /.well-known/jwks.json",
    "GET /.well-known/jwks.jwt",
    "GET /.well-known/cose-keys",
    "GET /.well-known/ccn-key-set",
    "GET /redemption/sl/{}",
    "GET /redemption/sl/{}/{}",
    "GET /redemption/v1/public/series/{}",
    "GET /redemption/v1/public/places",
    "PUT /redemption/v1/structure-imports/{}",
    "PUT /redemption/v1/bank-details-imports/{}",
    "GET /redemption/v1/structures",
    "POST /redemption/v1/structures/{}/accreditation",
    "POST /redemption/v1/structures/{}/suspensions",
    "POST /redemption/v1/structures/{}/suspensions/{}/lift",
    "POST /redemption/v1/claims",
    "GET /redemption/v1/claims/{}",
    "GET /redemption/v1/claims",
    "POST /redemption/v1/programmes/{}/claims/{}/reversal",
    "POST /funding/v1/funders",
    "POST /funding/v1/conventions",
    "POST /funding/v1/programmes/{}/plans",
    "POST /funding/v1/calls",
    "PUT /funding/v1/statements/{}",
    "POST /funding/v1/allocations",
    "POST /funding/v1/settlements",
    "GET /funding/v1/settlements/{}",
    "GET /funding/v1/settlements/{}/pain.001.xml",
    "POST /funding/v1/refunds",
    "GET /funding/v1/refunds/{}/pain.001.xml",
    "GET /funding/v1/programmes/{}/expiry-calendar",
    "GET /funding/v1/programmes/{}/expiry-statement",
    "GET /funding/v1/programmes/{}/expiry-statement.pdf",
    "GET /funding/v1/programmes/{}/expiry-statement.json",
    "GET /funding/v1/programmes/{}/expiry-statement.csv",
    "POST /funding/v1/programmes/{}/expiry-statement/responses",
    "POST /funding/v1/programmes/{}/expiry-statement/choices",
    "POST /funding/v1/programmes/{}/expiry-statement/refunds",
    "POST /funding/v1/expiry/statement-rounds",
    "GET /funding/v1/waterfall",
    "GET /funding/v1/waterfall.csv",
    "GET /funding/v1/invariants",
];

#[testkit::test]
async fn a_key_opens_nothing_once_it_is_revoked(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let organisation = id("auditor");
    deployment
        .operator
        .client
        .post(
            "/issuer/v1/organisations",
            &json!({"id": organisation, "name": "Auditeur", "roles": ["auditor"]}),
        )
        .await
        .created();
    let path = format!("/issuer/v1/organisations/{organisation}/api-keys");
    let key = deployment
        .operator
        .client
        .post(&path, &json!({"id": id("key")}))
        .await
        .created();
    // Shown once: repeated, the answer no longer holds it.
    assert_eq!(
        deployment
            .operator
            .client
            .post(&path, &json!({"id": id("key")}))
            .await
            .ok()["secret"],
        Value::Null
    );
    let auditor = deployment.anyone.with_key(key["secret"].as_str().expect("a secret"));
    auditor.get("/funding/v1/waterfall").await.accepted();
    assert_eq!(
        deployment
            .operator
            .client
            .delete(&format!("/issuer/v1/api-keys/{}", id("key")))
            .await
            .status,
        204
    );
    auditor
        .get("/funding/v1/waterfall")
        .await
        .refused(Refusal::Unauthorized);
}
