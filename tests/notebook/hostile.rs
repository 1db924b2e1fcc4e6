//! The bridge in bad company, and the page with as few rights as a frame can have.

use anyhow::ensure;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use system_tests::{binaries, repository, rest};
use tokio::net::TcpListener;

use crate::person::Person;

async fn in_bad_company() -> anyhow::Result<()> {
    binaries::deployer_page()?;
    // no workspace has prepared TLS for the browser's driver
    rest::client()?;
    let file = std::fs::read_to_string(repository::root().join("dist/tellr-deployer.html"))?;
    let router = Router::new()
        .route("/", get(|| async { Html(include_str!("hostile.html")) }))
        .route("/tellr-deployer.html", get(|| async { Html(file) }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, router).into_future());

    let person = Person::at(&address, 1280, 900).await?;
    person.enter_frame().await?;
    person.shows("Signed in as").await?;
    let page = person.text("body").await?;
    ensure!(page.contains("right@example.com") && !page.contains("evil@example.com"), "{page}");
    // without `allow-forms`
    person.press("New deployment").await?;
    person.press("Show the plan").await?;
    person.heading("The plan").await?;
    person.leave().await
}

#[tokio::test]
async fn what_others_say_to_the_page_is_not_heard() {
    in_bad_company().await.unwrap();
}
