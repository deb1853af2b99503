//! Who may call: the token endpoint, expiry and revocation, headers, foreign customers.

mod support;

use serde_json::json;
use support::{CUSTOMER, json_of, only_error, start, start_with};

const QUERY: &str = "SELECT campaign.id FROM campaign LIMIT 1";

#[tokio::test]
async fn tokens_are_issued_as_google_issues_them() {
    let bench = start().await;
    let form = |refresh: &'static str, secret: &'static str, grant: &'static str| {
        [
            ("grant_type", grant),
            ("client_id", "emulator-client"),
            ("client_secret", secret),
            ("refresh_token", refresh),
        ]
    };
    let (status, body) =
        bench.token(&form("emulator-refresh-token", "emulator-secret", "refresh_token")).await;
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["scope"], "https://www.googleapis.com/auth/adwords");
    for (refresh, secret, grant, status, error) in [
        ("other", "emulator-secret", "refresh_token", 400, "invalid_grant"),
        ("emulator-refresh-token", "other", "refresh_token", 401, "invalid_client"),
        ("emulator-refresh-token", "emulator-secret", "password", 400, "unsupported_grant_type"),
    ] {
        let (answered, body) = bench.token(&form(refresh, secret, grant)).await;
        assert_eq!(answered, status);
        assert_eq!(body["error"], error);
        assert!(body["error_description"].is_string());
    }
}

#[tokio::test]
async fn revocation_and_expiry_are_seen_at_once() {
    let mut bench = start().await;
    assert_eq!(bench.search(QUERY).await.0, 200);
    let order = json!({"expire_access_tokens": true, "refresh_token_revoked": true});
    assert_eq!(bench.control("oauth", &order).await.0, 204);
    let (status, body) = bench.search(QUERY).await;
    assert_eq!(status, 401);
    assert_eq!(body["error"]["status"], "UNAUTHENTICATED");
    assert_eq!(
        only_error(&body)["errorCode"],
        json!({"authenticationError": "OAUTH_TOKEN_EXPIRED"})
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "emulator-client"),
        ("client_secret", "emulator-secret"),
        ("refresh_token", "emulator-refresh-token"),
    ];
    assert_eq!(bench.token(&form).await.1["error"], "invalid_grant");
    let order = json!({"refresh_token_revoked": false});
    assert_eq!(bench.control("oauth", &order).await.0, 204);
    bench.access_token = bench.new_token().await;
    assert_eq!(bench.search(QUERY).await.0, 200);
}

#[tokio::test]
async fn tokens_expire_by_themselves() {
    let mut config = support::config();
    config.token_lifetime_s = 0;
    let bench = start_with(config).await;
    let (status, body) = bench.search(QUERY).await;
    assert_eq!(status, 401);
    assert_eq!(
        only_error(&body)["errorCode"],
        json!({"authenticationError": "OAUTH_TOKEN_EXPIRED"})
    );
}

#[tokio::test]
async fn headers_are_checked_and_the_developer_token_is_not() {
    let bench = start().await;
    let request = || {
        bench
            .client
            .post(bench.url(&format!("{CUSTOMER}/googleAds:search")))
            .json(&json!({"query": QUERY}))
    };
    let (status, body) = json_of(request().send().await.unwrap()).await;
    assert_eq!(status, 401);
    assert_eq!(
        only_error(&body)["errorCode"],
        json!({"authenticationError": "OAUTH_TOKEN_HEADER_INVALID"})
    );
    let (_, body) = json_of(request().bearer_auth("nobody").send().await.unwrap()).await;
    assert_eq!(
        only_error(&body)["errorCode"],
        json!({"authenticationError": "OAUTH_TOKEN_INVALID"})
    );
    let sent = request()
        .bearer_auth(&bench.access_token)
        .header("developer-token", "anything")
        .header("login-customer-id", "9876543210");
    assert_eq!(json_of(sent.send().await.unwrap()).await.0, 200);
    let sent =
        request().bearer_auth(&bench.access_token).header("login-customer-id", "987-654-3210");
    let (_, body) = json_of(sent.send().await.unwrap()).await;
    assert_eq!(only_error(&body)["errorCode"], json!({"headerError": "INVALID_LOGIN_CUSTOMER_ID"}));
}

#[tokio::test]
async fn other_customers_are_out_of_reach() {
    let bench = start().await;
    for (customer, status, code) in [
        ("1111111111", 403, json!({"authorizationError": "USER_PERMISSION_DENIED"})),
        ("123-456-7890", 400, json!({"requestError": "INVALID_CUSTOMER_ID"})),
    ] {
        let sent = bench
            .client
            .post(bench.url(&format!("/v26/customers/{customer}/googleAds:search")))
            .bearer_auth(&bench.access_token)
            .json(&json!({"query": QUERY}));
        let (answered, body) = json_of(sent.send().await.unwrap()).await;
        assert_eq!(answered, status);
        assert_eq!(only_error(&body)["errorCode"], code);
    }
}
