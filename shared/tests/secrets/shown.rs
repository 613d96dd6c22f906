use crate::login::Login;
use shared::settings::StoredSecret;

#[tokio::test]
async fn neither_settings_nor_what_they_hold_show_a_secret() {
    let login = Login::new("shown").await;
    let (environment, arn) = login.kept().await;
    let stored = StoredSecret::new(environment.store(), arn);

    let settings = environment.load().await.unwrap();
    let fetched = stored.fetch().await.unwrap();

    assert!(fetched.expose().contains("canary"));
    for shown in [format!("{settings:?}"), format!("{stored:?}"), format!("{fetched:?} {fetched}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
