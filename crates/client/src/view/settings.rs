//! What a person may set on this device.

view! {
    /// Settings of this profile; kept in a plain file, because the window needs some of them
    /// before anything is opened.
    #[serde(default)]
    pub struct SettingsView {
        /// Language of the window and of the confirm sheets.
        pub language: Language,
        /// Colours.
        pub theme: Theme,
        /// Contrast.
        pub contrast: Contrast,
        /// Height of rows.
        pub density: Density,
        /// Which zone times are shown in first.
        pub time_display: TimeDisplay,
        /// How long a signed decision can be recalled, 5 to 60 seconds; longer offline.
        pub undo_seconds: u32,
        /// Notices of low-risk cases.
        pub notice_low: NoticePace,
        /// Notices of medium-risk cases.
        pub notice_medium: NoticePace,
        /// Notices of high-risk cases.
        pub notice_high: NoticePace,
        /// No notices from this time of day, `HH:MM`, local.
        pub quiet_from: Option<String>,
        /// Until this time of day, `HH:MM`, local.
        pub quiet_until: Option<String>,
        /// Within quiet hours, still tell me what would be too late after them.
        pub quiet_except_due: bool,
        /// How much evidence is kept on this device, in MB (1,000,000 bytes).
        pub evidence_budget_mb: u32,
        /// The practice case was done once.
        pub practised: bool,
    }

    /// A language.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Language {
        /// As the system says, English where it has none of ours.
        #[default]
        System,
        /// English.
        En,
        /// German.
        De,
    }

    /// Colours.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Theme {
        /// As the system says.
        #[default]
        System,
        /// Light.
        Light,
        /// Dark.
        Dark,
    }

    /// Contrast.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Contrast {
        /// As the system says.
        #[default]
        System,
        /// High.
        High,
    }

    /// Height of rows.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Density {
        /// Two lines per row.
        #[default]
        Comfortable,
        /// One line per row.
        Compact,
    }

    /// Which zone comes first.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum TimeDisplay {
        /// This computer's.
        #[default]
        Local,
        /// The ad account's.
        Account,
        /// UTC.
        Utc,
    }

    /// How soon a notice is given.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum NoticePace {
        /// At once.
        #[default]
        Now,
        /// Once an hour, together.
        Hourly,
        /// Once a day, together.
        Daily,
        /// Never.
        Off,
    }
}

impl Default for SettingsView {
    fn default() -> Self {
        Self {
            language: Language::System,
            theme: Theme::System,
            contrast: Contrast::System,
            density: Density::Comfortable,
            time_display: TimeDisplay::Local,
            undo_seconds: 10,
            notice_low: NoticePace::Daily,
            notice_medium: NoticePace::Hourly,
            notice_high: NoticePace::Now,
            quiet_from: None,
            quiet_until: None,
            quiet_except_due: true,
            evidence_budget_mb: 500,
            practised: false,
        }
    }
}
