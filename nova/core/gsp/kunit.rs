// SPDX-License-Identifier: GPL-2.0

//! The queues over memory that a device could use, and what is kept of the conversation.
//!
//! The full set of cases runs on the host, over a vector; these show that it is the same here.

use kernel::prelude::*;

#[kunit_tests(nova_core_gsp_queues)]
mod queues {
    use super::super::memory::QueueMemory;
    use kernel::prelude::*;
    use kernel_glue::testing::TestDevice;
    use nova_firmware::abi::r570_144::{
        channel::{
            ChannelError,
            CommandEnd,
            SendError,
            SharedMemory,
            StatusEnd, //
        },
        element::{
            Header,
            HEADERS_SIZE,
            MAX_PAYLOAD, //
        },
        function::Function,
        queue::{
            Pointer,
            TxHeader,
            COMMAND_QUEUE,
            ENTRY_SIZE,
            FIRST_ENTRY,
            READ_POINTER,
            STATUS_QUEUE,
            WRITE_POINTER, //
        }, //
    };

    const ENTRIES: usize = 63;
    const CONTROL: Function = Function::GSP_RM_CONTROL;
    const EVENT: Function = Function::OS_ERROR_LOG;

    /// The GSP's side.
    struct Gsp<'a> {
        memory: QueueMemory<'a>,
        sent: u32,
        write: usize,
    }

    impl<'a> Gsp<'a> {
        fn new(dev: &'a TestDevice) -> Result<Self> {
            let memory = QueueMemory::alloc(dev.bound())?;
            let header = TxHeader {
                write: Pointer::FIRST,
            };
            memory
                .write(STATUS_QUEUE, &header.encode())
                .map_err(|_| EINVAL)?;
            Ok(Self {
                memory,
                sent: 0,
                write: 0,
            })
        }

        /// Sends a message of `len` bytes that are all `byte`.
        fn send(&mut self, byte: u8, len: usize) -> Result {
            let payload = KVVec::from_elem(byte, len, GFP_KERNEL)?;
            let header = Header::from_gsp(self.sent, EVENT, len).map_err(|_| EINVAL)?;
            let mut message = KVVec::new();
            let headers = header.encode(&payload).map_err(|_| EINVAL)?;
            message.extend_from_slice(&headers, GFP_KERNEL)?;
            message.extend_from_slice(&payload, GFP_KERNEL)?;
            for entry in message.chunks(ENTRY_SIZE) {
                let at = STATUS_QUEUE + FIRST_ENTRY + self.write * ENTRY_SIZE;
                self.memory.write(at, entry).map_err(|_| EINVAL)?;
                self.write = (self.write + 1) % ENTRIES;
            }
            self.sent += 1;
            self.store(STATUS_QUEUE + WRITE_POINTER, self.write as u32)
        }

        /// Reads all commands there are, without looking at them.
        fn skip(&self) -> Result {
            let write = self
                .memory
                .load_u32(COMMAND_QUEUE + WRITE_POINTER)
                .map_err(|_| EINVAL)?;
            self.store(STATUS_QUEUE + READ_POINTER, write)
        }

        fn store(&self, at: usize, value: u32) -> Result {
            self.memory.store_u32(at, value).map_err(|_| EINVAL)
        }

        fn driver_read(&self) -> Result<u32> {
            self.memory
                .load_u32(COMMAND_QUEUE + READ_POINTER)
                .map_err(|_| EINVAL)
        }
    }

    fn buffer() -> Result<KVBox<[u8; MAX_PAYLOAD]>> {
        Ok(KVBox::init(pin_init::init_zeroed(), GFP_KERNEL)?)
    }

    #[test]
    fn status_messages_wrap_and_arrive() -> Result {
        let dev = TestDevice::new()?;
        let mut gsp = Gsp::new(&dev)?;
        let mut end = StatusEnd::new();
        let mut payload = buffer()?;
        for turn in 0..50u8 {
            let len = usize::from(turn % 16) * ENTRY_SIZE + 77;
            gsp.send(turn, len)?;
            let header = end
                .receive(&gsp.memory, &mut payload)
                .map_err(|_| EIO)?
                .ok_or(ENOENT)?;
            assert_eq!(header.number, u32::from(turn));
            assert_eq!(header.payload_len(), len);
            assert!(payload[..len].iter().all(|&byte| byte == turn));
            assert_eq!(gsp.driver_read()?, gsp.write as u32);
        }
        assert_eq!(end.receive(&gsp.memory, &mut payload), Ok(None));
        Ok(())
    }

    #[test]
    fn commands_wrap_and_wait_for_room() -> Result {
        let dev = TestDevice::new()?;
        let gsp = Gsp::new(&dev)?;
        let mut end = CommandEnd::new();
        let payload = KVVec::from_elem(0xff, 3 * ENTRY_SIZE - HEADERS_SIZE, GFP_KERNEL)?;
        for lap in 0..5u32 {
            // 62 entries are 20 messages of 3.
            for number in 0..20 {
                let header = end.send(&gsp.memory, CONTROL, &payload).map_err(|_| EIO)?;
                assert_eq!(header.number, 20 * lap + number);
            }
            assert!(matches!(
                end.send(&gsp.memory, CONTROL, &payload),
                Err(SendError::Full(_))
            ));
            gsp.skip()?;
        }
        Ok(())
    }

    #[test]
    fn lies_are_noticed_and_nothing_is_given_back() -> Result {
        let dev = TestDevice::new()?;
        let mut gsp = Gsp::new(&dev)?;
        let mut payload = buffer()?;
        gsp.send(1, 100)?;
        let at = STATUS_QUEUE + FIRST_ENTRY + HEADERS_SIZE;
        gsp.memory.write(at, &[2]).map_err(|_| EINVAL)?;
        assert!(matches!(
            StatusEnd::new().receive(&gsp.memory, &mut payload),
            Err(ChannelError::Message(_))
        ));
        assert_eq!(gsp.driver_read()?, 0);

        gsp.store(STATUS_QUEUE + WRITE_POINTER, 63)?;
        assert!(matches!(
            StatusEnd::new().receive(&gsp.memory, &mut payload),
            Err(ChannelError::StatusPointer(_))
        ));
        gsp.store(STATUS_QUEUE + READ_POINTER, 1)?;
        assert!(matches!(
            CommandEnd::new().send(&gsp.memory, CONTROL, &[]),
            Err(SendError::Broken(ChannelError::CommandPointer(_)))
        ));
        Ok(())
    }
}

#[kunit_tests(nova_core_gsp_diagnostics)]
mod diagnostics {
    use super::super::diagnostics::{
        Diagnostics,
        State, //
    };
    use kernel::{
        fmt,
        prelude::*,
        str::CString, //
    };
    use nova_firmware::abi::r570_144::{
        channel::CommandEnd,
        element::Header,
        function::Function, //
    };

    /// Text of a file.
    struct Text<F>(F);

    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Text<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }

    fn contains(text: &CString, part: &str) -> bool {
        text.to_str().is_ok_and(|text| text.contains(part))
    }

    #[test]
    fn first_end_counts() -> Result {
        let diagnostics = Diagnostics::new()?;
        assert_eq!(diagnostics.state(), State::Running);
        assert!(diagnostics.end(State::Dead));
        assert!(!diagnostics.end(State::Stopped));
        assert_eq!(diagnostics.state(), State::Dead);
        Ok(())
    }

    #[test]
    fn files_tell_what_has_happened() -> Result {
        let diagnostics = Diagnostics::new()?;
        let function = Function::GSP_RM_CONTROL;
        let header = Header::call(0, function, 24).map_err(|_| EINVAL)?;
        diagnostics.sent(1_000_000, &header, &CommandEnd::new());
        diagnostics.set_in_flight(Some(function));
        assert!(diagnostics.event(Function::OS_ERROR_LOG));
        assert!(!diagnostics.event(Function::OS_ERROR_LOG));

        let queues = CString::try_from_fmt(fmt!(
            "{}",
            Text(|f: &mut fmt::Formatter<'_>| diagnostics.show_queues(f))
        ))?;
        for part in [
            "state: Running\n",
            "waiting by: polling\n",
            "command queue: pointer 0, 62 entries free, 1 messages\n",
            "in flight: GSP_RM_CONTROL (0x4c)\n",
            "events: 2\n",
            "       2 OS_ERROR_LOG (0x1006)\n",
        ] {
            assert!(contains(&queues, part));
        }
        let history = CString::try_from_fmt(fmt!(
            "{}",
            Text(|f: &mut fmt::Formatter<'_>| diagnostics.show_history(f))
        ))?;
        assert!(contains(
            &history,
            "    0.001000 >      0     0x18 0xffffffff GSP_RM_CONTROL (0x4c)\n"
        ));
        Ok(())
    }
}

#[kunit_tests(nova_core_timeline)]
mod timeline {
    use crate::timeline::Timeline;
    use kernel::{
        fmt,
        prelude::*,
        str::CString, //
    };

    struct Text<'a>(&'a Timeline);

    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.show(f)
        }
    }

    #[test]
    fn stages_have_results_and_parts() -> Result {
        let timeline = Timeline::new()?;
        let result = timeline.stage("whole", || {
            timeline.stage("part", || Ok(1))?;
            timeline.stage("failing part", || Err::<u32, _>(ETIMEDOUT))
        });
        assert_eq!(result, Err(ETIMEDOUT));
        let running = timeline.stage("running", || {
            CString::try_from_fmt(fmt!("{}", Text(&timeline))).map_err(Error::from)
        })?;

        let text = running.to_str()?;
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some("# start_us duration_us result depth stage")
        );
        for (depth, stage) in [("0", "0 whole"), ("1", "1 part"), ("1", "1 failing part")] {
            let line = lines.next().ok_or(ENOENT)?;
            assert!(line.ends_with(stage));
            let errno = line.split(' ').nth(2);
            let want = if stage == "1 part" { "0" } else { "-110" };
            assert_eq!(errno, Some(want));
            assert_eq!(line.split(' ').nth(3), Some(depth));
        }
        let line = lines.next().ok_or(ENOENT)?;
        assert!(line.ends_with(" - - 0 running"));
        assert_eq!(lines.next(), None);
        Ok(())
    }

    #[test]
    fn stages_beyond_the_last_place_run_all_the_same() -> Result {
        let timeline = Timeline::new()?;
        for number in 0..100 {
            assert_eq!(timeline.stage("one of many", || Ok(number)), Ok(number));
        }
        let text = CString::try_from_fmt(fmt!("{}", Text(&timeline)))?;
        assert!(text.to_str()?.ends_with("# 36 more stages not shown\n"));
        Ok(())
    }
}

#[kunit_tests(nova_core_kept)]
mod kept {
    use kernel::{
        prelude::*,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc, //
        },
    };
    use kernel_glue::debugfs::ModuleDir;

    /// Counts how often it is dropped.
    struct Dropped(Arc<Atomic<u32>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1u32, Relaxed);
        }
    }

    #[test]
    fn things_are_kept_until_the_next_or_the_end() -> Result {
        let count = Arc::new(Atomic::new(0u32), GFP_KERNEL)?;
        let keep = |name| {
            let thing = KBox::new(Dropped(count.clone()), GFP_KERNEL)?;
            ModuleDir::keep(name, thing)
        };
        keep(c"kunit")?;
        keep(c"kunit-other")?;
        assert_eq!(count.load(Relaxed), 0);
        keep(c"kunit")?;
        assert_eq!(count.load(Relaxed), 1);
        ModuleDir::discard(c"kunit");
        assert_eq!(count.load(Relaxed), 2);
        ModuleDir::discard(c"kunit");
        assert_eq!(count.load(Relaxed), 2);
        ModuleDir::discard(c"kunit-other");
        assert_eq!(count.load(Relaxed), 3);
        Ok(())
    }
}
