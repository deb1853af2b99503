//! Entries of a change of a set: places with their scores, audiences with their sizes, and who
//! says what of each.

use countersign_model::change::{
    Member, Standing,
    set::{
        Attribute, Audience, ConsentBasis, KnownAudience, Moved, Place, ScoreClaim, VettedPlace,
    },
};

view! {
    /// What becomes of an entry.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum StandingView {
        /// It is not named.
        Absent,
        /// It is reached.
        Targeted,
        /// It is left out.
        Excluded,
        /// It is reached, with settings of its own.
        OwnSettings,
    }

    /// Where ads are shown.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PlaceSort {
        /// A site.
        Site,
        /// An app.
        App,
        /// A channel of YouTube.
        YoutubeChannel,
        /// A video of YouTube.
        YoutubeVideo,
    }

    /// The sorts of audiences.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum AudienceSort {
        /// A list of the account's own.
        UserList,
        /// A segment of the platform.
        UserInterest,
    }

    /// What of people the law protects.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum AttributeName {
        /// Their health.
        Health,
        /// Their origin.
        Race,
        /// What they think of politics.
        Politics,
        /// Whom they love.
        SexualOrientation,
        /// What they believe.
        Religion,
    }

    /// On what people may be addressed.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ConsentName {
        /// They have agreed.
        Consent,
        /// By contract.
        Contract,
        /// By legitimate interest.
        LegitimateInterest,
        /// The platform has asked them.
        Platform,
        /// Nobody knows.
        Unknown,
    }

    /// A place.
    pub struct PlaceView {
        /// What names it among the entries.
        pub key: String,
        /// Of what sort it is.
        pub sort: PlaceSort,
        /// What the platform calls it.
        #[serde(serialize_with = "super::shown::line")]
        pub id: String,
        /// How it stands.
        pub before: StandingView,
        /// How it should stand.
        pub after: StandingView,
        /// The score that counts, from 0 to 1: the lower one of the two.
        pub score: Option<f64>,
        /// Whether people of the company have looked at this very place.
        pub vetted: bool,
        /// Whether a person must sign off each use of it.
        pub high_risk: bool,
        /// Who publishes there.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub publisher: Option<String>,
        /// What the company knows: its score and who says so.
        pub known: Option<ScoreView>,
        /// The wider place that the company knows, where it does not know this one.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub part_of: Option<String>,
        /// What the agent says.
        pub claim: Option<ScoreView>,
    }

    /// A score and who says so.
    pub struct ScoreView {
        /// From 0 to 1.
        pub score: f64,
        /// Who says so.
        #[serde(serialize_with = "super::shown::line")]
        pub source: String,
    }

    /// An audience.
    pub struct AudienceView {
        /// What names it among the entries.
        pub key: String,
        /// Of what sort it is.
        pub sort: AudienceSort,
        /// Its id.
        pub id: String,
        /// What the platform calls it.
        #[serde(serialize_with = "super::shown::line")]
        pub name: String,
        /// How it stands.
        pub before: StandingView,
        /// How it should stand.
        pub after: StandingView,
        /// How many people ads can reach on sites, as the platform says.
        #[ts(type = "number | null")]
        pub size_for_display: Option<u64>,
        /// How many on search.
        #[ts(type = "number | null")]
        pub size_for_search: Option<u64>,
        /// Whether people still join it.
        pub open: Option<bool>,
        /// On what they may be addressed, as the agent says.
        pub consent: ConsentName,
        /// Where they are, as the agent says; ISO 3166-1 codes.
        pub regions: Vec<String>,
        /// Whether consent is needed there and not claimed.
        pub lacks_consent: bool,
        /// What it says of the people in it, whoever says so.
        pub sensitive: Vec<AttributeName>,
        /// Whether they are about to buy, whoever says so.
        pub shoppers: bool,
        /// The sale that the change would last into.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub sale: Option<String>,
        /// Who of the company has looked at it.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub source: Option<String>,
    }
}

/// The places and the audiences among the entries of a set, for the window.
pub(crate) fn members(members: &[Member]) -> (Vec<PlaceView>, Vec<AudienceView>) {
    let (mut places, mut audiences) = (vec![], vec![]);
    for member in members {
        match member {
            Member::Place(moved) => places.push(place(moved)),
            Member::Audience(moved) => audiences.push(audience(moved)),
        }
    }
    (places, audiences)
}

fn place(Moved { of, before, after }: &Moved<VettedPlace>) -> PlaceView {
    let sort = match of.place {
        Place::Site(_) => PlaceSort::Site,
        Place::App(_) => PlaceSort::App,
        Place::YoutubeChannel(_) => PlaceSort::YoutubeChannel,
        Place::YoutubeVideo(_) => PlaceSort::YoutubeVideo,
    };
    let vetting = of.vetting.as_ref();
    let part_of = vetting.filter(|_| !of.is_vetted()).map(|one| one.known.content().to_owned());
    PlaceView {
        key: of.place.key(),
        sort,
        id: of.place.content().to_owned(),
        before: standing(*before),
        after: standing(*after),
        score: of.score().map(countersign_model::Ratio::as_f64),
        vetted: of.is_vetted(),
        high_risk: of.is_high_risk(),
        publisher: vetting.and_then(|vetting| vetting.publisher.clone()),
        known: vetting.map(|vetting| ScoreView {
            score: vetting.score.as_f64(),
            source: vetting.source.clone(),
        }),
        part_of,
        claim: of.claim.as_ref().map(|ScoreClaim { score, source }| ScoreView {
            score: score.as_f64(),
            source: source.clone(),
        }),
    }
}

fn audience(Moved { of, before, after }: &Moved<KnownAudience>) -> AudienceView {
    let sort = match of.audience {
        Audience::UserList(_) => AudienceSort::UserList,
        Audience::UserInterest(_) => AudienceSort::UserInterest,
    };
    AudienceView {
        key: of.audience.key(),
        sort,
        id: of.audience.id().to_string(),
        name: of.state.name.clone(),
        before: standing(*before),
        after: standing(*after),
        size_for_display: of.state.size_for_display,
        size_for_search: of.state.size_for_search,
        open: of.state.is_open,
        consent: match of.claim.consent {
            ConsentBasis::Consent => ConsentName::Consent,
            ConsentBasis::Contract => ConsentName::Contract,
            ConsentBasis::LegitimateInterest => ConsentName::LegitimateInterest,
            ConsentBasis::Platform => ConsentName::Platform,
            ConsentBasis::Unknown => ConsentName::Unknown,
        },
        regions: of.claim.regions.iter().map(ToString::to_string).collect(),
        lacks_consent: of.lacks_consent(),
        sensitive: of.sensitive().into_iter().map(attribute).collect(),
        shoppers: of.are_shoppers(),
        sale: of.assessment.sale.clone().filter(|_| of.are_shoppers()),
        source: of.assessment.source.clone(),
    }
}

const fn attribute(attribute: Attribute) -> AttributeName {
    match attribute {
        Attribute::Health => AttributeName::Health,
        Attribute::Race => AttributeName::Race,
        Attribute::Politics => AttributeName::Politics,
        Attribute::SexualOrientation => AttributeName::SexualOrientation,
        Attribute::Religion => AttributeName::Religion,
    }
}

const fn standing(standing: Standing) -> StandingView {
    match standing {
        Standing::Absent => StandingView::Absent,
        Standing::Targeted => StandingView::Targeted,
        Standing::Excluded => StandingView::Excluded,
        Standing::OwnSettings => StandingView::OwnSettings,
    }
}
