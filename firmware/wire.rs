// SPDX-License-Identifier: GPL-2.0

//! Structures of a fixed size, whose fields are named by their offsets.
//!
//! That a field lies inside its structure is checked when the driver is compiled.

/// Bytes of a page, to the GPU and its processors.
pub(crate) const PAGE_SIZE: usize = 4096;

/// The bytes of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire<const N: usize>([u8; N]);

impl<const N: usize> Wire<N> {
    /// All zero.
    pub(crate) const fn zeroed() -> Self {
        Self([0; N])
    }

    /// The structure at the start of `bytes`, copied, if there are enough.
    pub(crate) fn from_prefix(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }

    /// The bytes.
    pub(crate) const fn into_bytes(self) -> [u8; N] {
        self.0
    }

    /// The `M` bytes at `AT`.
    pub(crate) fn get<const AT: usize, const M: usize>(&self) -> [u8; M] {
        const { assert!(AT + M <= N) };
        let mut bytes = [0; M];
        // PANIC: the assertion above holds.
        bytes.copy_from_slice(&self.0[AT..AT + M]);
        bytes
    }

    /// The byte at `AT`.
    pub(crate) fn get_u8<const AT: usize>(&self) -> u8 {
        let [byte] = self.get::<AT, 1>();
        byte
    }

    /// The 32-bit number at `AT`.
    pub(crate) fn get_u32<const AT: usize>(&self) -> u32 {
        u32::from_le_bytes(self.get::<AT, 4>())
    }

    /// The 64-bit number at `AT`.
    pub(crate) fn get_u64<const AT: usize>(&self) -> u64 {
        u64::from_le_bytes(self.get::<AT, 8>())
    }

    /// Writes bytes at `AT`.
    pub(crate) fn put<const AT: usize, const M: usize>(&mut self, bytes: [u8; M]) -> &mut Self {
        const { assert!(AT + M <= N) };
        // PANIC: the assertion above holds.
        self.0[AT..AT + M].copy_from_slice(&bytes);
        self
    }

    /// Writes a byte at `AT`.
    pub(crate) fn put_u8<const AT: usize>(&mut self, value: u8) -> &mut Self {
        self.put::<AT, 1>([value])
    }

    /// Writes a 32-bit number at `AT`.
    pub(crate) fn put_u32<const AT: usize>(&mut self, value: u32) -> &mut Self {
        self.put::<AT, 4>(value.to_le_bytes())
    }

    /// Writes a 64-bit number at `AT`.
    pub(crate) fn put_u64<const AT: usize>(&mut self, value: u64) -> &mut Self {
        self.put::<AT, 8>(value.to_le_bytes())
    }
}

/// Whether `address` can be a page's to the GPU: 0 means that there is none.
pub(crate) const fn is_page(address: u64) -> bool {
    // CAST: a small constant.
    address != 0 && address % PAGE_SIZE as u64 == 0
}

/// Writes the addresses of `number` consecutive pages from `base` on into a table, whose rest is zeroed.
///
/// As many are written as there is room for.
pub(crate) fn fill_with_pages(table: &mut [u8], base: u64, number: usize) {
    table.fill(0);
    let mut address = base;
    for entry in table.chunks_exact_mut(8).take(number) {
        entry.copy_from_slice(&address.to_le_bytes());
        // CAST: a small constant. Wrapping: callers have checked the end.
        address = address.wrapping_add(PAGE_SIZE as u64);
    }
}
