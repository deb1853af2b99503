use super::*;

fn text(text: &str) -> AdText {
    AdText { text: text.into(), pin: None }
}

fn pinned(words: &str, pin: u8) -> AdText {
    AdText { pin: Some(pin), ..text(words) }
}

fn ad() -> SearchAd {
    SearchAd {
        headlines: ["Rain jackets", "For every weather", "Free returns"].map(text).into(),
        descriptions: ["Twelve colours.", "Order today."].map(text).into(),
        paths: vec![PathPart("rain".into())],
        final_url: "https://shop.example/rain".into(),
    }
}

fn of(change: impl FnOnce(&mut SearchAd)) -> Creative {
    let mut ad = ad();
    change(&mut ad);
    Creative::ResponsiveSearch(ad)
}

#[test]
fn a_wide_character_counts_twice() {
    for (text, expected) in [
        ("", 0),
        ("Grüße", 5),
        ("東京", 4),
        ("ｱ", 1),
        ("ア", 2),
        ("Ａ", 2),
        ("한국어", 6),
        ("🧥", 2),
    ] {
        assert_eq!(units(text), expected, "{text}");
    }
}

#[test]
fn an_ad_that_fits_can_be_asked_for() {
    assert_eq!(of(|_| {}).check(), Ok(()));
    let longest = of(|ad| {
        ad.headlines = (0..15).map(|at| text(&format!("{at:030}"))).collect();
        ad.descriptions = (0..4).map(|at| text(&format!("{at:090}"))).collect();
        ad.headlines[0] = pinned(&"東".repeat(15), 3);
        ad.descriptions[0].pin = Some(2);
        ad.paths = vec![PathPart("123456789012345".into()), PathPart("ü".into())];
        ad.final_url = "HTTPS://shop-1.example:8443/a?b=%20#c".into();
    });
    assert_eq!(longest.check(), Ok(()));
}

#[test]
fn what_a_platform_or_a_person_would_not_take_is_named_with_its_place() {
    use TextSort::{Description, Headline};
    let hidden = check_line("a\u{202e}", 10).unwrap_err();
    let count = |name, min, max| DraftError::Count { name, min, max };
    let headlines = "change.after.headlines";
    let cases: [(Creative, DraftError); 12] = [
        (of(|ad| ad.headlines.truncate(2)), count(headlines, 3, 15)),
        (of(|ad| ad.headlines = vec![text("a"); 16]), count(headlines, 3, 15)),
        (of(|ad| ad.descriptions.truncate(1)), count("change.after.descriptions", 2, 4)),
        (
            of(|ad| ad.headlines[1] = text(" ")),
            CreativeError::Empty { sort: Headline, position: 2 }.into(),
        ),
        (
            of(|ad| ad.headlines[2] = text(&"x".repeat(31))),
            CreativeError::TooLong { sort: Headline, position: 3, units: 31 }.into(),
        ),
        (
            of(|ad| ad.headlines[0] = text(&"東".repeat(16))),
            CreativeError::TooLong { sort: Headline, position: 1, units: 32 }.into(),
        ),
        (
            of(|ad| ad.descriptions[1] = text(&"x".repeat(91))),
            CreativeError::TooLong { sort: Description, position: 2, units: 91 }.into(),
        ),
        (
            of(|ad| ad.descriptions[0] = text("a\u{202e}")),
            CreativeError::Hidden { sort: Description, position: 1, error: hidden }.into(),
        ),
        (
            of(|ad| ad.headlines[2] = text("RAIN jackets")),
            CreativeError::Twice { sort: Headline, position: 3 }.into(),
        ),
        (
            of(|ad| ad.headlines[0] = text("{KeyWord:Jackets}")),
            CreativeError::FilledIn { sort: Headline, position: 1 }.into(),
        ),
        (
            of(|ad| ad.headlines[0].pin = Some(4)),
            CreativeError::Pin { sort: Headline, position: 1 }.into(),
        ),
        (
            of(|ad| ad.descriptions[0].pin = Some(3)),
            CreativeError::Pin { sort: Description, position: 1 }.into(),
        ),
    ];
    for (creative, expected) in cases {
        assert_eq!(creative.check(), Err(expected));
    }
    let words = CreativeError::TooLong { sort: Headline, position: 3, units: 31 }.to_string();
    assert_eq!(
        words,
        "headline 3 has 31 of at most 30 characters, wide ones counted twice; shorten it"
    );
}

#[test]
fn a_path_and_a_page_are_what_people_can_read() {
    for part in ["", "1234567890123456", "a/b", "a b", "{x}", "a\u{200b}"] {
        let ad = of(|ad| ad.paths = vec![PathPart(part.into())]);
        assert_eq!(ad.check(), Err(CreativeError::Path.into()), "{part}");
    }
    for url in [
        "",
        "shop.example/rain",
        "ftp://shop.example/",
        "https://localhost/",
        "https://shop.example@evil.example/",
        "https://user:word@evil.example/",
        "https://evil.example\\@shop.example/",
        "https:///shop.example",
        "https://shop..example/",
        "https://shöp.example/",
        "https://shop.example/a b",
        "https://shop.example/{lpurl}",
        "javascript://shop.example/",
    ] {
        let ad = of(|ad| ad.final_url = url.into());
        assert_eq!(ad.check(), Err(CreativeError::Url.into()), "{url}");
    }
    let page = |url: &str| of(|ad| ad.final_url = url.into());
    assert_eq!(page("https://Shop.Example:443/x").host(), "shop.example");
    assert!(page("HTTPS://shop.example").is_encrypted());
    assert!(!page("http://shop.example").is_encrypted());
}

#[test]
fn the_order_of_texts_says_nothing_and_a_pin_does() {
    let turned = of(|ad| ad.headlines.reverse());
    assert!(of(|_| {}).is_same(&turned) && of(|_| {}).diff(&turned).is_empty());
    let held = of(|ad| ad.headlines[0].pin = Some(1));
    assert!(!of(|_| {}).is_same(&held));
    let rows = of(|_| {}).diff(&held);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.field, row.subject.as_deref()), (Field::Pin, Some("Rain jackets")));
    assert_eq!((&row.before, &row.after), (&Some(Value::Unset), &Value::Count(1)));
}

#[test]
fn what_goes_and_what_comes_stand_side_by_side() {
    let other = of(|ad| {
        ad.headlines[0] = pinned("Light jackets", 1);
        ad.headlines.push(text("Since 1990"));
        ad.descriptions.remove(1);
        ad.paths.clear();
        ad.final_url = "https://shop.example/light".into();
    });
    let told = |own: &Creative, other: &Creative| -> Vec<(Field, Option<Value>, Value)> {
        own.diff(other).into_iter().map(|row| (row.field, row.before, row.after)).collect()
    };
    let words = |text: &str| Value::Text(text.into());
    assert_eq!(
        told(&of(|_| {}), &other),
        [
            (Field::Headline, Some(words("Rain jackets")), words("Light jackets")),
            (Field::Headline, Some(Value::Unset), words("Since 1990")),
            (Field::Description, Some(words("Order today.")), Value::Unset),
            (Field::DisplayPath, Some(words("rain")), Value::Unset),
            (
                Field::FinalUrl,
                Some(words("https://shop.example/rain")),
                words("https://shop.example/light")
            ),
            (Field::Pin, Some(Value::Unset), Value::Count(1)),
        ]
    );
    let back = told(&other, &of(|_| {}));
    assert_eq!(back[0], (Field::Headline, Some(words("Light jackets")), words("Rain jackets")));
    let kept: Vec<_> = of(|_| {}).kept(&other).map(str::to_owned).collect();
    assert_eq!(kept, ["For every weather", "Free returns", "Twelve colours."]);
}
