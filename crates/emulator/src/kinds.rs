//! The kinds of resources that the account holds, and what Google calls each of them.

use serde::Serialize;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A budget of one campaign or of several.
    CampaignBudget,
    /// A portfolio bidding strategy.
    BiddingStrategy,
    /// A campaign.
    Campaign,
    /// An ad group.
    AdGroup,
    /// What an ad says.
    Ad,
    /// An ad in its ad group.
    AdGroupAd,
    /// A keyword, audience or placement of an ad group.
    AdGroupCriterion,
    /// What a campaign excludes or targets.
    CampaignCriterion,
    /// What the whole account excludes.
    CustomerNegativeCriterion,
    /// A picture.
    Asset,
    /// A list of people.
    UserList,
    /// A segment of people by what they are interested in.
    UserInterest,
    /// What Google proposes.
    Recommendation,
    /// What Google applies by itself.
    RecommendationSubscription,
}

/// Kinds that have a service that writes them.
pub const WRITABLE: [Kind; 10] = [
    Kind::CampaignBudget,
    Kind::BiddingStrategy,
    Kind::Campaign,
    Kind::AdGroup,
    Kind::Ad,
    Kind::AdGroupAd,
    Kind::AdGroupCriterion,
    Kind::CampaignCriterion,
    Kind::CustomerNegativeCriterion,
    Kind::Asset,
];

impl Kind {
    /// Name of the message, the row's field, the collection in resource names, and the word in
    /// the names of the service's messages.
    const fn names(self) -> [&'static str; 4] {
        match self {
            Self::CampaignBudget => {
                ["CampaignBudget", "campaign_budget", "campaignBudgets", "CampaignBudgets"]
            }
            Self::BiddingStrategy => {
                ["BiddingStrategy", "bidding_strategy", "biddingStrategies", "BiddingStrategies"]
            }
            Self::Campaign => ["Campaign", "campaign", "campaigns", "Campaigns"],
            Self::AdGroup => ["AdGroup", "ad_group", "adGroups", "AdGroups"],
            Self::Ad => ["Ad", "ad", "ads", "Ads"],
            Self::AdGroupAd => ["AdGroupAd", "ad_group_ad", "adGroupAds", "AdGroupAds"],
            Self::AdGroupCriterion => {
                ["AdGroupCriterion", "ad_group_criterion", "adGroupCriteria", "AdGroupCriteria"]
            }
            Self::CampaignCriterion => {
                ["CampaignCriterion", "campaign_criterion", "campaignCriteria", "CampaignCriteria"]
            }
            Self::CustomerNegativeCriterion => [
                "CustomerNegativeCriterion",
                "customer_negative_criterion",
                "customerNegativeCriteria",
                "CustomerNegativeCriteria",
            ],
            Self::Asset => ["Asset", "asset", "assets", "Assets"],
            Self::UserList => ["UserList", "user_list", "userLists", "UserLists"],
            Self::UserInterest => {
                ["UserInterest", "user_interest", "userInterests", "UserInterests"]
            }
            Self::Recommendation => {
                ["Recommendation", "recommendation", "recommendations", "Recommendations"]
            }
            Self::RecommendationSubscription => [
                "RecommendationSubscription",
                "recommendation_subscription",
                "recommendationSubscriptions",
                "RecommendationSubscriptions",
            ],
        }
    }

    /// The official message, as [`crate::descriptor::Schema::message`] names it.
    #[must_use]
    pub fn message(self) -> String {
        format!("resources.{}", self.names()[0])
    }

    /// The field of a row, such as `ad_group`.
    #[must_use]
    pub const fn field(self) -> &'static str {
        self.names()[1]
    }

    /// The collection in resource names and paths, such as `adGroups`.
    #[must_use]
    pub const fn collection(self) -> &'static str {
        self.names()[2]
    }

    /// `services.Mutate…Request`.
    #[must_use]
    pub fn request(self) -> String {
        format!("services.Mutate{}Request", self.names()[3])
    }

    /// `services.Mutate…Response`.
    #[must_use]
    pub fn response(self) -> String {
        format!("services.Mutate{}Response", self.names()[3])
    }

    /// The kind that a service such as `adGroups` writes.
    #[must_use]
    pub fn of_collection(collection: &str) -> Option<Self> {
        WRITABLE.into_iter().find(|kind| kind.collection() == collection)
    }

    /// The kind that `customers/{c}/{collection}/{id}` is of, whether it can be written or not.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let collection = name.split('/').nth(2)?;
        let others = [
            Self::UserList,
            Self::UserInterest,
            Self::Recommendation,
            Self::RecommendationSubscription,
        ];
        WRITABLE.into_iter().chain(others).find(|kind| kind.collection() == collection)
    }
}
