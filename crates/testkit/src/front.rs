use access::Secret;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

use crate::Client;

/// The operator's client of a service's routes and of those that make organisations, in the frame in which they are served.
/// `owner` connects as the owner of the database.
pub async fn operator_of(owner: &PgPool, clock: &Clock, routes: OpenApiRouter) -> Client {
    let secret = Secret::generate().expect("randomness of the system");
    access::ensure_operator(owner, &secret, clock.now())
        .await
        .expect("there is one operator");
    let routes = routes.merge(access::routes(owner.clone(), clock.clone()));
    Client::of(web::frame(routes.split_for_parts().0)).with_key(secret.reveal())
}
