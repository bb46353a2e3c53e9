//! Notices that a file of the configuration changed, also through the symlink swap of a mounted ConfigMap.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::PoisonError,
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::core::Watched;

/// Watches the folders around the files. What counts is their content: a swap of symlinks that ends in the same
/// bytes is no change, one that ends in others is, whatever events it makes.
pub(super) struct FileWatch {
    watched: Watched,
    seen: Vec<u8>,
    folders: BTreeSet<PathBuf>,
    watcher: Option<RecommendedWatcher>,
    events: mpsc::Receiver<()>,
}

impl FileWatch {
    pub(super) fn start(watched: Watched) -> Self {
        let (sender, events) = mpsc::channel(1);
        // A full channel already says that something happened.
        let notice = move |event: notify::Result<notify::Event>| {
            // To read a file is no change of it, and `look` reads them all.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = sender.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(notice)
            .inspect_err(|error| tracing::warn!(%error, "files are only looked at every {POLL:?}"))
            .ok();
        let mut watch = Self { watched, seen: Vec::new(), folders: BTreeSet::new(), watcher, events };
        watch.look();
        watch
    }

    /// Waits until the content differs from what was there at the last look.
    pub(super) async fn changed(&mut self) {
        loop {
            let _ = tokio::time::timeout(POLL, self.events.recv()).await;
            // Editors and kubelets write in several steps.
            tokio::time::sleep(SETTLE).await;
            let _ = self.events.try_recv();
            if self.look() {
                return;
            }
        }
    }

    /// Takes what is there now as seen: it is about to be loaded.
    pub(super) fn acknowledge(&mut self) {
        self.look();
    }

    /// Whether the content changed since the last look. Follows the list of files, which each load may change.
    fn look(&mut self) -> bool {
        let paths = self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.follow(&paths);
        let now = fingerprint(&paths);
        std::mem::replace(&mut self.seen, now) != self.seen
    }

    fn follow(&mut self, paths: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        for folder in paths.iter().flat_map(|path| folders_of(path)) {
            if !self.folders.contains(&folder) && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.folders.insert(folder);
            }
        }
    }
}

/// The folders in which a change of `path` shows: its own, the one that a symlink leads to, and the path itself
/// if it is a folder, with those in it.
fn folders_of(path: &Path) -> Vec<PathBuf> {
    let real = fs::canonicalize(path).ok();
    let parents = [Some(path), real.as_deref()].into_iter().flatten().filter_map(Path::parent);
    let mut folders: Vec<_> = parents.map(Path::to_path_buf).collect();
    add_folders(path, &mut folders, 0);
    folders
}

fn add_folders(path: &Path, folders: &mut Vec<PathBuf>, depth: usize) {
    if !path.is_dir() || depth > MAX_DEPTH {
        return;
    }
    folders.push(path.to_path_buf());
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        add_folders(&entry.path(), folders, depth + 1);
    }
}

/// A hash of all content; a file that cannot be read is as good as an empty one of another name.
fn fingerprint(paths: &[PathBuf]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    paths.iter().for_each(|path| add_content(path, &mut context, 0));
    context.finish().as_ref().to_vec()
}

fn add_content(path: &Path, context: &mut Context, depth: usize) {
    context.update(path.as_os_str().as_encoded_bytes());
    if path.is_dir() && depth <= MAX_DEPTH {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let sorted: BTreeSet<_> = entries.collect();
        sorted.iter().for_each(|entry| add_content(entry, context, depth + 1));
    } else if let Ok(content) = fs::read(path) {
        context.update(&content.len().to_le_bytes());
        context.update(&content);
    } else {
        context.update(b"unreadable");
    }
}

/// How often the files are looked at where no event tells.
const POLL: Duration = Duration::from_secs(15);

/// How long a change may take to be complete.
const SETTLE: Duration = Duration::from_millis(200);

/// How deep operation folders may nest.
const MAX_DEPTH: usize = 16;
