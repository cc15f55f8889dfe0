// SPDX-License-Identifier: GPL-2.0

//! The objects that clients have made: handles, classes, parents.
//!
//! Of the classes, only those are modelled that a driver needs before it has channels: client,
//! device, subdevice, address space, event, display. Which status a real GSP-RM gives for each
//! mistake is not known; these are the ones that fit their names.

use std::collections::BTreeMap;

use super::static_info::{
    INTERNAL_CLIENT,
    INTERNAL_DEVICE,
    INTERNAL_SUBDEVICE, //
};
use crate::chips::Chip;

/// Results.
pub mod status {
    /// All is well.
    pub const OK: u32 = 0;
    /// A value is out of range.
    pub const INVALID_ARGUMENT: u32 = 0x1f;
    /// No such class.
    pub const INVALID_CLASS: u32 = 0x22;
    /// No such client.
    pub const INVALID_CLIENT: u32 = 0x23;
    /// No such object.
    pub const INVALID_OBJECT_HANDLE: u32 = 0x33;
    /// The handle is taken.
    pub const INVALID_OBJECT_NEW: u32 = 0x34;
    /// No such object to be freed or copied.
    pub const INVALID_OBJECT_OLD: u32 = 0x35;
    /// No such parent, or one that cannot have such a child.
    pub const INVALID_OBJECT_PARENT: u32 = 0x36;
    /// Parameters of the wrong length.
    pub const INVALID_PARAM_STRUCT: u32 = 0x3a;
    /// Not now.
    pub const INVALID_STATE: u32 = 0x40;
    /// Not here.
    pub const NOT_SUPPORTED: u32 = 0x56;
}

/// Classes.
pub mod class {
    /// Client.
    pub const ROOT: u32 = 0x0000;
    /// Client of a process.
    pub const ROOT_CLIENT: u32 = 0x0041;
    /// What all heads of a display have in common.
    pub const DISPLAY_COMMON: u32 = 0x0073;
    /// Event, told by message.
    pub const EVENT: u32 = 0x007e;
    /// Device.
    pub const DEVICE: u32 = 0x0080;
    /// System memory, by its pages.
    pub const MEMORY_LIST_SYSTEM: u32 = 0x0081;
    /// VRAM, by its pages.
    pub const MEMORY_LIST_FB: u32 = 0x0082;
    /// One GPU of a device.
    pub const SUBDEVICE: u32 = 0x2080;
    /// Address space.
    pub const VASPACE: u32 = 0x90f1;
}

/// Flag of an address space whose page tables are the driver's.
const EXTERNALLY_OWNED: u32 = 1 << 3;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Class.
    pub class: u32,
    parent: u32,
    /// Address space: who owns the page tables.
    pub is_externally_owned: bool,
    /// Address space: the root of the page tables, if set.
    pub page_directory: Option<u64>,
}

/// All clients and their objects.
#[derive(Clone, Debug)]
pub struct Objects {
    display_class: Option<u32>,
    clients: BTreeMap<u32, BTreeMap<u32, Object>>,
}

/// What an allocation asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Client.
    pub client: u32,
    /// Handle of the parent.
    pub parent: u32,
    /// Handle of the new object.
    pub handle: u32,
    /// Class.
    pub class: u32,
    /// Parameters.
    pub params: &'a [u8],
}

impl Object {
    fn new(class: u32, parent: u32) -> Self {
        Self {
            class,
            parent,
            is_externally_owned: false,
            page_directory: None,
        }
    }
}

impl Objects {
    /// Only GSP-RM's own objects.
    pub fn new(chip: &Chip) -> Self {
        use crate::chips::Family;
        let display_class = chip.has_display().then_some(match chip.family {
            Family::Turing => 0xc570,
            Family::Ga100 | Family::Ga10x | Family::Hopper | Family::Gb10x => 0xc670,
            Family::Ada => 0xc770,
            Family::Gb20x => 0xca70,
        });
        let internal = BTreeMap::from([
            (INTERNAL_CLIENT, Object::new(class::ROOT, INTERNAL_CLIENT)),
            (INTERNAL_DEVICE, Object::new(class::DEVICE, INTERNAL_CLIENT)),
            (
                INTERNAL_SUBDEVICE,
                Object::new(class::SUBDEVICE, INTERNAL_DEVICE),
            ),
        ]);
        Self {
            display_class,
            clients: BTreeMap::from([(INTERNAL_CLIENT, internal)]),
        }
    }

    /// Has this board a display?
    pub fn has_display(&self) -> bool {
        self.display_class.is_some()
    }

    /// Number of objects that drivers have made.
    pub fn count(&self) -> usize {
        let all: usize = self.clients.values().map(BTreeMap::len).sum();
        all - self.clients.get(&INTERNAL_CLIENT).map_or(0, BTreeMap::len)
    }

    /// Looks an object up.
    ///
    /// # Errors
    /// The status that says what is missing.
    pub fn find(&self, client: u32, handle: u32) -> Result<&Object, u32> {
        self.clients
            .get(&client)
            .ok_or(status::INVALID_CLIENT)?
            .get(&handle)
            .ok_or(status::INVALID_OBJECT_HANDLE)
    }

    /// Looks an object up, to change it.
    ///
    /// # Errors
    /// The status that says what is missing.
    pub fn find_mut(&mut self, client: u32, handle: u32) -> Result<&mut Object, u32> {
        self.clients
            .get_mut(&client)
            .ok_or(status::INVALID_CLIENT)?
            .get_mut(&handle)
            .ok_or(status::INVALID_OBJECT_HANDLE)
    }

    /// Makes an object.
    ///
    /// # Errors
    /// The status that says why not.
    pub fn alloc(&mut self, wish: Wish<'_>) -> Result<(), u32> {
        if wish.handle == 0 {
            return Err(status::INVALID_OBJECT_NEW);
        }
        let (parent_class, params_size) = self.terms(wish.class)?;
        let size = wish.params.len();
        if size != 0 && Some(size) != params_size {
            return Err(status::INVALID_PARAM_STRUCT);
        }
        if parent_class.is_none() {
            return self.alloc_client(wish);
        }
        let objects = self
            .clients
            .get_mut(&wish.client)
            .ok_or(status::INVALID_CLIENT)?;
        let parent = objects
            .get(&wish.parent)
            .ok_or(status::INVALID_OBJECT_PARENT)?;
        let fits = match parent_class {
            Some(class::ROOT) => matches!(parent.class, class::ROOT | class::ROOT_CLIENT),
            other => Some(parent.class) == other,
        };
        if !fits {
            return Err(status::INVALID_OBJECT_PARENT);
        }
        if objects.contains_key(&wish.handle) {
            return Err(status::INVALID_OBJECT_NEW);
        }
        let mut object = Object::new(wish.class, wish.parent);
        if wish.class == class::VASPACE && size != 0 {
            let flags = super::wire::u32_at(wish.params, 4);
            object.is_externally_owned = flags & EXTERNALLY_OWNED != 0;
        }
        objects.insert(wish.handle, object);
        Ok(())
    }

    /// Class of the parent, none for a client, and bytes of the parameters, if it has any.
    fn terms(&self, class: u32) -> Result<(Option<u32>, Option<usize>), u32> {
        Ok(match class {
            class::ROOT | class::ROOT_CLIENT => (None, Some(120)),
            class::DEVICE => (Some(class::ROOT), Some(56)),
            class::SUBDEVICE => (Some(class::DEVICE), Some(4)),
            class::VASPACE => (Some(class::DEVICE), Some(48)),
            class::EVENT => (Some(class::SUBDEVICE), Some(24)),
            class::DISPLAY_COMMON if self.has_display() => (Some(class::DEVICE), None),
            _ if Some(class) == self.display_class => (Some(class::DEVICE), None),
            _ => return Err(status::INVALID_CLASS),
        })
    }

    fn alloc_client(&mut self, wish: Wish<'_>) -> Result<(), u32> {
        if wish.handle != wish.client || wish.parent != wish.client {
            return Err(status::INVALID_OBJECT_PARENT);
        }
        if self.clients.contains_key(&wish.client) {
            return Err(status::INVALID_OBJECT_NEW);
        }
        let root = Object::new(wish.class, wish.client);
        self.clients
            .insert(wish.client, BTreeMap::from([(wish.client, root)]));
        Ok(())
    }

    /// Makes a memory object from a list of pages.
    ///
    /// # Errors
    /// The status that says why not.
    pub fn alloc_memory(
        &mut self,
        client: u32,
        device: u32,
        handle: u32,
        memory_class: u32,
    ) -> Result<(), u32> {
        if !matches!(
            memory_class,
            class::MEMORY_LIST_SYSTEM | class::MEMORY_LIST_FB
        ) {
            return Err(status::INVALID_CLASS);
        }
        let objects = self
            .clients
            .get_mut(&client)
            .ok_or(status::INVALID_CLIENT)?;
        let is_device = objects
            .get(&device)
            .is_some_and(|object| object.class == class::DEVICE);
        if !is_device {
            return Err(status::INVALID_OBJECT_PARENT);
        }
        if handle == 0 || objects.contains_key(&handle) {
            return Err(status::INVALID_OBJECT_NEW);
        }
        objects.insert(handle, Object::new(memory_class, device));
        Ok(())
    }

    /// Frees an object and all that hangs below it.
    ///
    /// # Errors
    /// The status that says why not.
    pub fn free(&mut self, client: u32, handle: u32) -> Result<(), u32> {
        let objects = self
            .clients
            .get_mut(&client)
            .ok_or(status::INVALID_CLIENT)?;
        if client == INTERNAL_CLIENT
            && !matches!(
                objects.get(&handle).map(|object| object.class),
                Some(class::MEMORY_LIST_SYSTEM | class::MEMORY_LIST_FB)
            )
        {
            return Err(status::INVALID_OBJECT_OLD);
        }
        if handle == client {
            self.clients.remove(&client);
            return Ok(());
        }
        if objects.remove(&handle).is_none() {
            return Err(status::INVALID_OBJECT_OLD);
        }
        let mut orphans = vec![handle];
        while let Some(parent) = orphans.pop() {
            objects.retain(|child, object| {
                let orphaned = object.parent == parent;
                if orphaned {
                    orphans.push(*child);
                }
                !orphaned
            });
        }
        Ok(())
    }

    /// Gives an object a second handle, under a parent of its own client.
    ///
    /// # Errors
    /// The status that says why not.
    pub fn dup(
        &mut self,
        client: u32,
        parent: u32,
        handle: u32,
        source: (u32, u32),
    ) -> Result<(), u32> {
        let mut copy = self
            .find(source.0, source.1)
            .map_err(|_| status::INVALID_OBJECT_OLD)?
            .clone();
        let objects = self
            .clients
            .get_mut(&client)
            .ok_or(status::INVALID_CLIENT)?;
        if !objects.contains_key(&parent) {
            return Err(status::INVALID_OBJECT_PARENT);
        }
        if handle == 0 || objects.contains_key(&handle) {
            return Err(status::INVALID_OBJECT_NEW);
        }
        copy.parent = parent;
        objects.insert(handle, copy);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: u32 = 0xc1d0_0000;
    const DEVICE: u32 = 0xde1d_0000;
    const SUBDEVICE: u32 = 0x5d1d_0000;

    fn wish(parent: u32, handle: u32, class: u32) -> Wish<'static> {
        Wish {
            client: CLIENT,
            parent,
            handle,
            class,
            params: &[],
        }
    }

    fn ga102() -> Objects {
        Objects::new(Chip::by_name("ga102").unwrap())
    }

    fn tree() -> Objects {
        let mut objects = ga102();
        objects.alloc(wish(CLIENT, CLIENT, class::ROOT)).unwrap();
        objects.alloc(wish(CLIENT, DEVICE, class::DEVICE)).unwrap();
        objects
            .alloc(wish(DEVICE, SUBDEVICE, class::SUBDEVICE))
            .unwrap();
        objects.alloc(wish(SUBDEVICE, 7, class::EVENT)).unwrap();
        objects
    }

    #[test]
    fn freeing_takes_all_children_along() {
        let mut objects = tree();
        objects.free(CLIENT, DEVICE).unwrap();
        assert_eq!(objects.count(), 1);
        assert_eq!(objects.find(CLIENT, 7), Err(status::INVALID_OBJECT_HANDLE));
        objects.free(CLIENT, CLIENT).unwrap();
        assert_eq!(objects.find(CLIENT, CLIENT), Err(status::INVALID_CLIENT));
    }

    #[test]
    fn wrong_allocations_are_refused_each_for_its_reason() {
        for (name, wish, want) in [
            ("taken", wish(CLIENT, DEVICE, class::DEVICE), 0x34),
            ("zero", wish(CLIENT, 0, class::DEVICE), 0x34),
            ("no parent", wish(99, 8, class::SUBDEVICE), 0x36),
            ("wrong parent", wish(CLIENT, 8, class::SUBDEVICE), 0x36),
            ("no class", wish(DEVICE, 8, 0xc56f), 0x22),
            ("client twice", wish(CLIENT, CLIENT, class::ROOT), 0x34),
            (
                "wrong length",
                Wish {
                    params: &[0; 3],
                    ..wish(DEVICE, 8, class::SUBDEVICE)
                },
                0x3a,
            ),
            (
                "no client",
                Wish {
                    client: 5,
                    ..wish(5, 8, class::DEVICE)
                },
                0x23,
            ),
        ] {
            assert_eq!(tree().alloc(wish), Err(want), "{name}");
        }
    }

    #[test]
    fn boards_without_display_have_no_display_classes() {
        let mut objects = tree();
        objects
            .alloc(wish(DEVICE, 9, class::DISPLAY_COMMON))
            .unwrap();
        objects.alloc(wish(DEVICE, 10, 0xc670)).unwrap();
        let mut objects = Objects::new(Chip::by_name("ga100").unwrap());
        objects.alloc(wish(CLIENT, CLIENT, class::ROOT)).unwrap();
        objects.alloc(wish(CLIENT, DEVICE, class::DEVICE)).unwrap();
        for class in [class::DISPLAY_COMMON, 0xc670] {
            assert_eq!(objects.alloc(wish(DEVICE, 9, class)), Err(0x22));
        }
    }

    #[test]
    fn duplicates_live_under_their_new_parent() {
        let mut objects = tree();
        objects.dup(CLIENT, DEVICE, 70, (CLIENT, 7)).unwrap();
        objects.free(CLIENT, SUBDEVICE).unwrap();
        assert_eq!(objects.find(CLIENT, 70).unwrap().class, class::EVENT);
        assert_eq!(objects.dup(CLIENT, DEVICE, 71, (CLIENT, 7)), Err(0x35));
        assert_eq!(objects.dup(CLIENT, 99, 71, (CLIENT, 70)), Err(0x36));
        assert_eq!(objects.dup(CLIENT, DEVICE, 70, (CLIENT, 70)), Err(0x34));
    }

    #[test]
    fn internal_objects_cannot_be_freed() {
        let mut objects = ga102();
        for handle in [INTERNAL_CLIENT, INTERNAL_DEVICE, INTERNAL_SUBDEVICE] {
            assert_eq!(objects.free(INTERNAL_CLIENT, handle), Err(0x35));
        }
        objects
            .alloc_memory(INTERNAL_CLIENT, INTERNAL_DEVICE, 0xcaf0_0003, 0x81)
            .unwrap();
        objects.free(INTERNAL_CLIENT, 0xcaf0_0003).unwrap();
    }
}
