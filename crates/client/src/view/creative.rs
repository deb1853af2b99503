//! Two ads of which one takes the other's place, as people see them.

use countersign_model::{
    change::{
        AdStanding, Creative, Shown, Swap,
        creative::{AdText, SearchAd, TextSort, units},
    },
    text::shown_line,
};

view! {
    /// Two ads of which one takes the other's place.
    pub struct SwapView {
        /// The ad that is paused.
        pub from: AdView,
        /// The ad that runs instead.
        pub to: AdView,
    }

    /// An ad in full.
    pub struct AdView {
        /// The platform's id of it; null of one that there is not yet.
        pub id: Option<String>,
        /// Its headlines, in the platform's or the agent's order.
        pub headlines: Vec<AdTextView>,
        /// Its descriptions, likewise.
        pub descriptions: Vec<AdTextView>,
        /// The address that is shown: the host and what stands behind it.
        #[serde(serialize_with = "super::shown::line")]
        pub display_url: String,
        /// Whether that differs from the other ad's.
        pub display_url_changed: bool,
        /// The page that it leads to.
        #[serde(serialize_with = "super::shown::line")]
        pub final_url: String,
        /// Whether that differs from the other ad's.
        pub final_url_changed: bool,
        /// What the platform's review says; null of one that there is not yet.
        pub standing: Option<AdStandingView>,
        /// The policy topics that it raises, in the platform's words.
        #[serde(serialize_with = "super::shown::lines")]
        pub topics: Vec<String>,
    }

    /// One text of an ad.
    pub struct AdTextView {
        /// The words; what they hide is shown.
        #[serde(serialize_with = "super::shown::line")]
        pub text: String,
        /// How long it is, as the platform counts.
        pub units: u32,
        /// How long it may be.
        pub max_units: u32,
        /// The place to which it is pinned, from 1.
        pub pin: Option<u8>,
        /// Whether the other ad does not have it, or at another place.
        pub changed: bool,
    }

    /// What a platform's review says of an ad.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum AdStandingView {
        /// It is being reviewed.
        InReview,
        /// It is not reviewed yet and may be shown.
        MayServe,
        /// Somebody has appealed against what the review found.
        UnderAppeal,
        /// It may be shown.
        Approved,
        /// It may be shown to some people only.
        Limited,
        /// It may be shown in some places only.
        LimitedByArea,
        /// It may not be shown.
        Disapproved,
        /// Not known here.
        Unknown,
    }
}

/// Two ads for the window.
pub(super) fn swap(Swap { from, to }: Swap) -> SwapView {
    let (old, new) = (from.creative.clone(), to.creative.clone());
    SwapView { from: ad(from, &new), to: ad(to, &old) }
}

fn ad(shown: Shown, other: &Creative) -> AdView {
    let Creative::ResponsiveSearch(SearchAd { headlines, descriptions, .. }) = &shown.creative;
    let Creative::ResponsiveSearch(others) = other;
    AdView {
        id: shown.ad.as_ref().map(|ad| ad.id.to_string()),
        headlines: texts(TextSort::Headline, headlines, &others.headlines),
        descriptions: texts(TextSort::Description, descriptions, &others.descriptions),
        display_url: display_url(&shown.creative),
        display_url_changed: display_url(&shown.creative) != display_url(other),
        final_url: shown.creative.final_url().into(),
        final_url_changed: shown.creative.final_url() != other.final_url(),
        standing: shown.review.as_ref().map(|review| standing(review.standing)),
        topics: shown
            .review
            .map(|review| review.topics.into_iter().map(|topic| topic.0).collect())
            .unwrap_or_default(),
    }
}

fn display_url(creative: &Creative) -> String {
    let Creative::ResponsiveSearch(ad) = creative;
    let (host, path) = (creative.host(), ad.path());
    if path.is_empty() { host } else { format!("{host}/{path}") }
}

fn texts(sort: TextSort, own: &[AdText], others: &[AdText]) -> Vec<AdTextView> {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let text = |text: &AdText| AdTextView {
        text: text.text.clone(),
        units: count(units(&shown_line(&text.text))),
        max_units: count(sort.max_units()),
        pin: text.pin,
        changed: !others.contains(text),
    };
    own.iter().map(text).collect()
}

const fn standing(standing: AdStanding) -> AdStandingView {
    match standing {
        AdStanding::InReview => AdStandingView::InReview,
        AdStanding::MayServe => AdStandingView::MayServe,
        AdStanding::UnderAppeal => AdStandingView::UnderAppeal,
        AdStanding::Approved => AdStandingView::Approved,
        AdStanding::Limited => AdStandingView::Limited,
        AdStanding::LimitedByArea => AdStandingView::LimitedByArea,
        AdStanding::Disapproved => AdStandingView::Disapproved,
        AdStanding::Unknown => AdStandingView::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{Action, TimestampMs};

    #[test]
    fn each_ad_says_what_the_other_one_has_not() {
        let samples = Action::samples(TimestampMs::from_millis(0)).unwrap();
        let SwapView { from, to } = swap(samples.iter().find_map(Action::swap).unwrap());
        let changed = |ad: &AdView| -> Vec<(String, bool)> {
            let texts = ad.headlines.iter().chain(&ad.descriptions);
            texts
                .filter(|text| text.changed)
                .map(|text| (text.text.clone(), text.changed))
                .collect()
        };
        assert_eq!(changed(&from).len(), 2);
        assert_eq!(changed(&to)[0].0, "Light rain jackets");
        assert_eq!((to.headlines[0].units, to.headlines[0].max_units), (18, 30));
        assert_eq!((from.id.as_deref(), to.id), (Some("5001"), None));
        assert_eq!((from.standing, to.standing), (Some(AdStandingView::Limited), None));
        assert_eq!(from.topics, ["CLOTHING"]);
        assert_eq!(to.display_url, "practice.example.com");
        assert!(!to.display_url_changed && !to.final_url_changed);
    }
}
