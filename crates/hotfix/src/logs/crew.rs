//! Workers that share the blocks of a log, each with a state of its own.

use hotfix_logdiff::Block;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

/// What a worker does: how its state begins, and what a block does to it.
pub trait Task: Copy + Send {
    /// What a worker has of its own.
    type State: Send;
    /// Its state at the beginning.
    fn begin(self) -> Self::State;
    /// Takes a block in.
    fn take(self, state: &mut Self::State, block: &Block);
}

/// The workers of one log. The first block is kept until there is a second: a
/// short log needs no thread.
pub struct Crew<'scope, 'env, T: Task> {
    scope: &'scope Scope<'scope, 'env>,
    task: T,
    most: usize,
    first: Option<Block>,
    /// The state of one who works here, where there is one core.
    own: Option<T::State>,
    sender: Option<SyncSender<Block>>,
    blocks: Arc<Mutex<Receiver<Block>>>,
    workers: Vec<ScopedJoinHandle<'scope, T::State>>,
}

impl<'scope, 'env, T: Task + 'scope> Crew<'scope, 'env, T>
where
    T::State: 'scope,
{
    /// At most so many workers.
    pub fn new(scope: &'scope Scope<'scope, 'env>, task: T, most: usize) -> Self {
        let (sender, blocks) = sync_channel(most.max(1));
        Self {
            scope,
            task,
            most: most.max(1),
            first: None,
            own: None,
            sender: Some(sender),
            blocks: Arc::new(Mutex::new(blocks)),
            workers: Vec::new(),
        }
    }

    /// Gives a block to whoever is free.
    pub fn give(&mut self, block: Block) {
        if self.most == 1 {
            let task = self.task;
            task.take(self.own.get_or_insert_with(|| task.begin()), &block);
            return;
        }
        if self.workers.is_empty() && self.first.is_none() {
            self.first = Some(block);
            return;
        }
        for block in self.first.take().into_iter().chain([block]) {
            if self.workers.len() < self.most {
                self.hire();
            }
            // It fails only if a worker has panicked, which the end tells.
            let _ = self.sender.as_ref().map(|sender| sender.send(block));
        }
    }

    fn hire(&mut self) {
        let (task, blocks) = (self.task, Arc::clone(&self.blocks));
        self.workers.push(self.scope.spawn(move || {
            let mut state = task.begin();
            loop {
                let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(block) = next else { return state };
                task.take(&mut state, &block);
            }
        }));
    }

    /// Waits for all, and gives their states.
    pub fn end(mut self) -> Vec<T::State> {
        self.sender = None;
        let mut states: Vec<T::State> = self.own.into_iter().collect();
        if let Some(block) = self.first {
            let mut state = self.task.begin();
            self.task.take(&mut state, &block);
            states.push(state);
        }
        for worker in self.workers {
            match worker.join() {
                Ok(state) => states.push(state),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Count;

    impl Task for Count {
        type State = Vec<u64>;
        fn begin(self) -> Vec<u64> {
            Vec::new()
        }
        fn take(self, state: &mut Vec<u64>, block: &Block) {
            state.push(block.first_line);
        }
    }

    #[test]
    fn every_block_is_taken_once() {
        for (most, given) in [(1, 0), (1, 5), (2, 1), (2, 40), (4, 3), (3, 0)] {
            let mut all = std::thread::scope(|scope| {
                let mut crew = Crew::new(scope, Count, most);
                (0..given).for_each(|n| crew.give(Block { first_line: n, bytes: vec![] }));
                assert!(crew.workers.len() <= most && (given > 1 || crew.workers.is_empty()));
                crew.end().concat()
            });
            all.sort_unstable();
            assert_eq!(all, (0..given).collect::<Vec<_>>(), "{most} workers");
        }
    }
}
