//! Notices when the content of a configuration file changes, including the swap of symlinks with
//! which Kubernetes updates a mounted ConfigMap.

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

use super::wiring::Watched;

/// Watches the folders of the files. An event only triggers a comparison of the content: a swap of
/// symlinks to files with the same bytes is not a change.
pub(super) struct FileWatch {
    watched: Watched,
    fingerprint: Vec<u8>,
    folders: BTreeSet<PathBuf>,
    watcher: Option<RecommendedWatcher>,
    events: mpsc::Receiver<()>,
}

impl FileWatch {
    pub(super) fn start(watched: Watched) -> Self {
        let (sender, events) = mpsc::channel(1);
        // If the channel is full, it already holds a notice.
        let notice = move |event: notify::Result<notify::Event>| {
            // Reading is not a change, and `update` itself reads all files.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = sender.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(notice)
            .inspect_err(|error| tracing::warn!(%error, "{NOT_NOTIFIED} {POLL:?}"))
            .ok();
        let mut watch = Self {
            watched,
            fingerprint: Vec::new(),
            folders: BTreeSet::new(),
            watcher,
            events,
        };
        watch.update();
        watch
    }

    /// Waits until the content differs from the content at the last comparison.
    pub(super) async fn changed(&mut self) {
        loop {
            let _ = tokio::time::timeout(POLL, self.events.recv()).await;
            // Editors and kubelets write in several steps.
            tokio::time::sleep(SETTLE).await;
            let _ = self.events.try_recv();
            if self.update() {
                return;
            }
        }
    }

    /// Takes the present content as known, because the caller is about to load it.
    pub(super) fn acknowledge(&mut self) {
        self.update();
    }

    /// Compares the content with the last comparison and returns whether it changed. It reads the
    /// list of files first, because each load may change the list.
    fn update(&mut self) -> bool {
        let paths = self
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.watch_folders(&paths);
        let now = fingerprint(&paths);
        std::mem::replace(&mut self.fingerprint, now) != self.fingerprint
    }

    fn watch_folders(&mut self, paths: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        for folder in paths.iter().flat_map(|path| folders_of(path)) {
            if !self.folders.contains(&folder)
                && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.folders.insert(folder);
            }
        }
    }
}

/// The folders that have events when `path` changes: its parent, the parent of the file that a
/// symlink points to, and, if `path` is a folder, that folder with all folders in it.
fn folders_of(path: &Path) -> Vec<PathBuf> {
    let real = fs::canonicalize(path).ok();
    let parents = [Some(path), real.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(Path::parent);
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

/// A hash of the names and contents of all files. A file that cannot be read has a fixed mark
/// instead of its content.
fn fingerprint(paths: &[PathBuf]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    paths
        .iter()
        .for_each(|path| add_content(path, &mut context, 0));
    context.finish().as_ref().to_vec()
}

fn add_content(path: &Path, context: &mut Context, depth: usize) {
    context.update(path.as_os_str().as_encoded_bytes());
    if path.is_dir() && depth <= MAX_DEPTH {
        let entries = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let sorted: BTreeSet<_> = entries.collect();
        sorted
            .iter()
            .for_each(|entry| add_content(entry, context, depth + 1));
    } else if let Ok(content) = fs::read(path) {
        context.update(&content.len().to_le_bytes());
        context.update(&content);
    } else {
        context.update(b"unreadable");
    }
}

const NOT_NOTIFIED: &str =
    "the system cannot notify of file changes; scopegate checks the files every";

/// How often the files are compared if there are no events.
const POLL: Duration = Duration::from_secs(15);

/// How long to wait after an event until the change is complete.
const SETTLE: Duration = Duration::from_millis(200);

/// How deep operation folders may nest.
const MAX_DEPTH: usize = 16;
