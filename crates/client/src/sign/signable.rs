//! The kinds of sheets that wait for a signature.

use crate::sign::{batch, decide, halt, practice, rollback};

/// Declares the kinds, each with what it was prepared as.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($prepared:ty)),* $(,)?) => {
        /// What may be signed: anything that a sheet was shown for.
        pub(crate) enum Signable {
            $($(#[$doc])* $kind($prepared)),*
        }

        $(
            impl From<$prepared> for Signable {
                fn from(prepared: $prepared) -> Self {
                    Self::$kind(prepared)
                }
            }

            impl TryFrom<Signable> for $prepared {
                type Error = Signable;

                fn try_from(sheet: Signable) -> Result<Self, Signable> {
                    match sheet {
                        Signable::$kind(prepared) => Ok(prepared),
                        other => Err(other),
                    }
                }
            }
        )*
    };
}

kinds! {
    /// A decision about a case.
    Decision(decide::Prepared),
    /// Approvals of one class.
    Batch(Vec<batch::Item>),
    /// A stop or a resume.
    Halt(halt::Prepared),
    /// The wish to take a change back.
    Rollback(rollback::Prepared),
    /// A decision about the practice case.
    Practice(practice::Prepared),
}
