//! Inputs made of seeds by small changes, the same for the same number.

/// An endless row of inputs.
pub struct Mutations<'s> {
    seeds: &'s [Vec<u8>],
    random: u64,
}

/// Bytes of the longest input.
const LONGEST: usize = 1 << 10;

impl<'s> Mutations<'s> {
    pub fn new(seeds: &'s [Vec<u8>], number: u64) -> Self {
        // Neighbouring numbers are to give different inputs, and xorshift can't begin with 0.
        let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { seeds, random }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as usize % limit.max(1)
    }

    fn seed(&mut self) -> &'s [u8] {
        let place = self.below(self.seeds.len());
        &self.seeds[place]
    }

    /// A part of a seed.
    fn part(&mut self, longest: usize) -> Vec<u8> {
        let seed = self.seed();
        let start = self.below(seed.len());
        let length = 1 + self.below(longest);
        seed[start..seed.len().min(start + length)].to_vec()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        match self.below(7) {
            // A byte that some input has is more often one that means something.
            0 => {
                let part = self.part(1);
                input.splice(at..(at + 1).min(input.len()), part);
            }
            1 => {
                let part = self.part(1);
                input.splice(at..at, part);
            }
            2 => {
                let end = input.len().min(at + 1 + self.below(8));
                input.drain(at..end);
            }
            3 => {
                let part = self.part(24);
                input.splice(at..at, part);
            }
            4 => {
                let end = input.len().min(at + 1 + self.below(16));
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            5 => {
                let byte = self.below(256) as u8;
                if let Some(place) = input.get_mut(at) {
                    *place = byte;
                }
            }
            _ => {
                let other = self.seed();
                input.truncate(at);
                input.extend(&other[self.below(other.len())..]);
            }
        }
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut input = self.seed().to_vec();
        for _ in 0..1 + self.below(4) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        Some(input)
    }
}
