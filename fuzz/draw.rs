//! Random choices that one number determines.

/// The source of the choices for one input.
pub(crate) struct Draw {
    random: fastrand::Rng,
    shows: bool,
}

impl Draw {
    pub(crate) fn of(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            shows: false,
        }
    }

    /// The same choices, and [`Draw::show`] prints.
    pub(crate) fn showing(seed: u64) -> Self {
        Self {
            shows: true,
            ..Self::of(seed)
        }
    }

    /// Prints the input, if this is a replay.
    pub(crate) fn show(&self, what: impl FnOnce() -> String) {
        if self.shows {
            println!("  {}", what());
        }
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.usize(..end)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    pub(crate) fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.random.u8(..)
    }
}
