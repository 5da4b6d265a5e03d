#![expect(
    clippy::disallowed_types,
    reason = "the name of a database is no parameter; it is made here, from a test's"
)]

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

/// A copy of a test's database, made by PostgreSQL itself.
pub struct Copy {
    server: PgConnection,
    name: String,
    pub options: PgConnectOptions,
}

impl Copy {
    /// Of the database of `pool`, whose connections are cut.
    pub async fn of(pool: &PgPool) -> Self {
        let options = (*pool.connect_options()).clone();
        let original = options.get_database().unwrap().to_owned();
        // A name has at most 63 bytes.
        let short: String = original.chars().rev().take(40).collect();
        let name = format!("copy_{}", short.chars().rev().collect::<String>());
        let mut server = PgConnection::connect_with(&options.clone().database("postgres"))
            .await
            .unwrap();
        pool.close().await;
        loop {
            sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
                .bind(&original)
                .execute(&mut server)
                .await
                .unwrap();
            let copied = server
                .execute(AssertSqlSafe(format!(
                    "create database \"{name}\" template \"{original}\""
                )))
                .await;
            match copied {
                Ok(_) => break,
                // 55006: somebody is still leaving.
                Err(error) => assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("55006")),
            }
        }
        let options = options.database(&name);
        Self { server, name, options }
    }

    pub async fn dropped(mut self) {
        let drop = format!("drop database \"{}\" with (force)", self.name);
        self.server.execute(AssertSqlSafe(drop)).await.unwrap();
    }
}
