//! With platforms that are silent, dead or well, on a clock of the test's own.

use super::*;
use async_trait::async_trait;
use countersign_executor::{AuthorizedWrite, Capabilities, CommitAnswer};
use futures::future::pending;

enum Account {
    Well,
    Silent,
    Dead(ErrorClass),
}

fn refused(class: ErrorClass) -> PlatformError {
    let (code, message) = ("auth.GONE".into(), "names of people".into());
    PlatformError { class, code, message, request_id: None }
}

#[async_trait]
impl Platform for Account {
    fn capabilities(&self) -> Capabilities {
        unreachable!("only read")
    }

    async fn list(&self, _: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        match self {
            Self::Well => Ok(vec![]),
            Self::Silent => pending().await,
            Self::Dead(class) => Err(refused(*class)),
        }
    }

    async fn read(&self, _: &EntityRef, _: Option<&Part>) -> Result<EntityState, PlatformError> {
        match self {
            Self::Silent => pending().await,
            Self::Well => Err(refused(ErrorClass::Final)),
            Self::Dead(class) => Err(refused(*class)),
        }
    }

    async fn read_pacing(&self, _: &EntityState, _: u16) -> Result<Delivery, PlatformError> {
        unreachable!("nothing was read")
    }

    async fn validate(&self, _: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        unreachable!("only read")
    }

    async fn commit(&self, _: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        unreachable!("only read")
    }
}

const WITHIN: Duration = Duration::from_secs(30);

fn reads(accounts: [(&str, Account); 3]) -> Reads {
    let accounts = accounts.map(|(id, account)| {
        let account: Arc<dyn Platform> = Arc::new(account);
        (PlatformKind::GoogleAds, PlatformId::parse(id).unwrap(), account)
    });
    let limits = ReadLimits { at_once: 2, within: WITHIN };
    Reads::new(&Accounts::new(accounts), Sources::new(), limits)
}

fn campaign(account: &str) -> EntityRef {
    let text =
        format!(r#"{{"platform": "google_ads", "account_id": "{account}", "campaign_id": "7"}}"#);
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_the_rest_is_listed() {
    let dead = Account::Dead(ErrorClass::RefreshToken);
    let reads = reads([("1", Account::Silent), ("2", Account::Well), ("3", dead)]);
    let began = Instant::now();
    let listed = reads.list().await;
    assert_eq!(began.elapsed(), WITHIN, "all accounts side by side");
    let [silent, well, dead] = &listed[..] else { panic!("{}", listed.len()) };
    assert_eq!(silent.campaigns, Err(Unread::Late(WITHIN)));
    assert_eq!(well.campaigns, Ok(vec![]));
    let words = dead.campaigns.as_ref().unwrap_err().to_string();
    assert!(words.contains("operator") && words.contains("auth.GONE"), "{words}");
    assert!(!words.contains("names"), "{words}");
    assert_eq!(dead.account.as_str(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_full_account_holds_up_its_own_reads_only_and_gives_its_places_back() {
    let reads = reads([("1", Account::Silent), ("2", Account::Well), ("3", Account::Well)]);
    let read = async |account| match reads.begin(&campaign(account)).await {
        Ok(reading) => reading.state(&campaign(account), None).await.map(|_| ()),
        Err(unread) => Err(unread),
    };
    let began = Instant::now();
    let third = async {
        tokio::task::yield_now().await;
        read("1").await
    };
    let other = async {
        tokio::task::yield_now().await;
        (read("2").await, began.elapsed())
    };
    let (first, second, third, (other, took)) = tokio::join!(read("1"), read("1"), third, other);
    assert_eq!([first, second], [Err(Unread::Late(WITHIN)), Err(Unread::Late(WITHIN))]);
    // Its time runs while it waits for a place.
    assert!(third.is_err() && began.elapsed() <= WITHIN + Duration::from_millis(1));
    assert_eq!(other, Err(Unread::Refused(refused(ErrorClass::Final))));
    assert!(took < Duration::from_secs(1), "another account is read meanwhile");
    assert_eq!(read("2").await, other);
    assert_eq!(read("4").await, Err(Unread::NotSetUp));
    // Places of reads that ended are free again.
    assert_eq!(read("1").await, Err(Unread::Late(WITHIN)));
}

#[test]
fn the_gates_own_words_are_passed_on() {
    let (code, message) = ("gate.NO_SUCH_PAGE".to_owned(), "ask without a cursor".to_owned());
    let error = PlatformError { class: ErrorClass::Final, code, message, request_id: None };
    assert_eq!(Unread::Refused(error).to_string(), "ask without a cursor");
}

#[test]
fn every_class_of_error_says_what_to_do() {
    for (class, words) in [
        (ErrorClass::RetryAfterReread, "try again in a minute"),
        (ErrorClass::Ambiguous, "try again in a minute"),
        (ErrorClass::WaitUntil { delay_ms: 1_500 }, "2 seconds of quiet"),
        (ErrorClass::RefreshToken, "renew"),
        (ErrorClass::Operator, "operator must look"),
        (ErrorClass::Final, "does not tell"),
    ] {
        let said = Unread::Refused(refused(class)).to_string();
        assert!(said.contains(words), "{said}");
    }
}
