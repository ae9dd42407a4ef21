//! What a massive-transfusion pack is made of.

use shiryan_kernel::blood::Component;

/// Units of each component in one round of a pack, as `config/shiryan.toml` says under `[pack]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Composition {
    pub red_cells: i32,
    pub plasma: i32,
    pub platelets: i32,
}

impl Composition {
    /// The lines of a round; a component of which none belongs to it has no line.
    #[must_use]
    pub fn lines(self) -> Vec<(Component, i32)> {
        let all = [
            (Component::RedCells, self.red_cells),
            (Component::Plasma, self.plasma),
            (Component::Platelets, self.platelets),
        ];
        all.into_iter().filter(|(_, units)| *units > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_component_that_belongs_to_it() {
        let usual = Composition { red_cells: 4, plasma: 4, platelets: 1 };
        let all = [(Component::RedCells, 4), (Component::Plasma, 4), (Component::Platelets, 1)];
        assert_eq!(usual.lines(), all);
        assert_eq!(Composition { platelets: 0, ..usual }.lines(), all[..2]);
    }
}
