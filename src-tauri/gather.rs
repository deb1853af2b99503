//! News that come in floods, told together: the first at once, what follows within a moment
//! as one. Every event costs the page a script, and a merge of a thousand cases must not keep
//! a person from typing.

use countersign_client::{
    News,
    view::{ConnectionView, InboxCounts},
};
use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{runtime::Handle, time::sleep};

/// How long what follows is gathered.
const MOMENT: Duration = Duration::from_millis(100);

/// Passes news on, those that come in floods gathered.
pub struct Gatherer(Arc<Shared>);

struct Shared {
    tell: Box<dyn Fn(News) + Send + Sync>,
    runtime: Handle,
    waiting: Mutex<Waiting>,
}

/// What is told at the end of the moment.
#[derive(Default)]
struct Waiting {
    cases: BTreeSet<String>,
    connection: Option<ConnectionView>,
    counts: Option<InboxCounts>,
    /// Somebody is there to tell it.
    watched: bool,
}

impl Gatherer {
    /// What is gathered is told on a task of this runtime.
    pub fn new(runtime: Handle, tell: impl Fn(News) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { tell: Box::new(tell), runtime, waiting: Mutex::default() }))
    }

    /// Takes one; returns at once.
    pub fn tell(&self, news: News) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match news {
            News::CasesChanged(cases) => waiting.cases.extend(cases),
            News::Connection(connection) => waiting.connection = Some(connection),
            News::Counts(counts) => waiting.counts = Some(counts),
            News::Workspace | News::Halt(_) | News::Notice(_) | News::NoticeOver(_) => {
                drop(waiting);
                return (self.0.tell)(news);
            }
        }
        if !mem::replace(&mut waiting.watched, true) {
            self.0.runtime.spawn(watch(self.0.clone()));
        }
    }
}

/// Tells what there is, moment after moment, until there is nothing.
async fn watch(shared: Arc<Shared>) {
    loop {
        let gathered = {
            let mut waiting = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let gathered = waiting.take();
            waiting.watched = !gathered.is_empty();
            gathered
        };
        if gathered.is_empty() {
            return;
        }
        for news in gathered {
            (shared.tell)(news);
        }
        sleep(MOMENT).await;
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<News> {
        let cases: Vec<String> = mem::take(&mut self.cases).into_iter().collect();
        let cases = (!cases.is_empty()).then_some(News::CasesChanged(cases));
        let connection = self.connection.take().map(News::Connection);
        let counts = self.counts.take().map(News::Counts);
        [cases, connection, counts].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gatherer() -> (Gatherer, Arc<Mutex<Vec<News>>>) {
        let told = Arc::new(Mutex::new(vec![]));
        let to = told.clone();
        (Gatherer::new(Handle::current(), move |news| to.lock().unwrap().push(news)), told)
    }

    fn changed(cases: &[&str]) -> News {
        News::CasesChanged(cases.iter().map(ToString::to_string).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_told_at_once_what_follows_together_and_a_late_one_at_once_again() {
        let (gatherer, told) = gatherer();
        let told = || mem::take(&mut *told.lock().unwrap());
        gatherer.tell(changed(&["a"]));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(told(), [changed(&["a"])]);
        for cases in [&["b"][..], &["c", "d"], &["b"]] {
            gatherer.tell(changed(cases));
        }
        let counts = |open| InboxCounts { open, ..InboxCounts::default() };
        gatherer.tell(News::Counts(counts(1)));
        gatherer.tell(News::Counts(counts(2)));
        sleep(MOMENT / 2).await;
        assert_eq!(told(), []);
        sleep(MOMENT).await;
        assert_eq!(told(), [changed(&["b", "c", "d"]), News::Counts(counts(2))]);
        sleep(2 * MOMENT).await;
        gatherer.tell(changed(&["e"]));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(told(), [changed(&["e"])]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_alone_waits_for_nobody() {
        let (gatherer, told) = gatherer();
        gatherer.tell(changed(&["a"]));
        gatherer.tell(News::NoticeOver("b".into()));
        assert_eq!(*told.lock().unwrap(), [News::NoticeOver("b".into())]);
    }
}
