// SPDX-License-Identifier: GPL-2.0

//! Calls and events with a GSP that is played by the doorbell: it reads and answers while it is rung.

use kernel::prelude::*;

#[kunit_tests(nova_core_gsp_rpc)]
mod rpc {
    use super::super::{
        super::{
            diagnostics::{
                Diagnostics,
                State, //
            },
            events::Listener,
            memory::QueueMemory, //
        },
        BootClock,
        Peer,
        Rpc,
        CALL_TIMEOUT,
        MAX_MISSED, //
    };
    use crate::timeline::Timeline;
    use kernel::{
        new_mutex,
        prelude::*,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc,
            Mutex, //
        },
        time::Delta, //
    };
    use kernel_glue::testing::TestDevice;
    use nova_firmware::abi::r570_144::{
        channel::{
            OutOfRange,
            SharedMemory, //
        },
        element::{
            Header,
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
        },
        status::Status, //
    };

    const ENTRIES: usize = 63;
    const CONTROL: Function = Function::GSP_RM_CONTROL;
    const EVENT: Function = Function::OS_ERROR_LOG;
    const LOCKDOWN: Function = Function::GSP_LOCKDOWN_NOTICE;

    /// Too short for anything that takes its time.
    const SHORT: Delta = Delta::from_millis(30);

    /// What the GSP does when it has read a command.
    type Habit = fn(&FakeGsp<'_>, Function) -> Result;

    /// The GSP.
    struct FakeGsp<'a> {
        queues: QueueMemory<'a>,
        state: Arc<Mutex<Progress>>,
        habit: Habit,
    }

    /// How far the GSP has come.
    #[derive(Default)]
    struct Progress {
        sent: u32,
        write: usize,
        read: usize,
        /// Messages it was rung for.
        rung: u32,
        /// How often the driver has looked whether there are messages.
        looks: u32,
        /// The device has gone.
        gone: bool,
        /// Its registers are locked until it has been looked at so often.
        locked_until: Option<u32>,
    }

    impl FakeGsp<'_> {
        /// Sends a message of `len` bytes that are all `byte`.
        fn send(&self, function: Function, result: Status, byte: u8, len: usize) -> Result {
            let payload = KVVec::from_elem(byte, len, GFP_KERNEL)?;
            let mut state = self.state.lock();
            let mut header = Header::from_gsp(state.sent, function, len).map_err(|_| EINVAL)?;
            header.result = result;
            let mut message = KVVec::new();
            let headers = header.encode(&payload).map_err(|_| EINVAL)?;
            message.extend_from_slice(&headers, GFP_KERNEL)?;
            message.extend_from_slice(&payload, GFP_KERNEL)?;
            for entry in message.chunks(ENTRY_SIZE) {
                let at = STATUS_QUEUE + FIRST_ENTRY + state.write * ENTRY_SIZE;
                self.queues.write(at, entry).map_err(|_| EINVAL)?;
                state.write = (state.write + 1) % ENTRIES;
            }
            state.sent += 1;
            self.store(STATUS_QUEUE + WRITE_POINTER, state.write as u32)
        }

        fn answer(&self, function: Function, byte: u8, len: usize) -> Result {
            self.send(function, Status::OK, byte, len)
        }

        fn store(&self, at: usize, value: u32) -> Result {
            self.queues.store_u32(at, value).map_err(|_| EINVAL)
        }

        /// Reads a command; gives its function.
        fn take(&self) -> Result<Function> {
            let mut state = self.state.lock();
            let at = COMMAND_QUEUE + FIRST_ENTRY + state.read * ENTRY_SIZE;
            let word = |offset| self.queues.load_u32(at + offset).map_err(|_| EINVAL);
            let entries = word(40)? as usize;
            let function = Function(word(60)?);
            state.read = (state.read + entries) % ENTRIES;
            state.rung += 1;
            self.store(STATUS_QUEUE + READ_POINTER, state.read as u32)?;
            Ok(function)
        }
    }

    impl SharedMemory for FakeGsp<'_> {
        fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange> {
            self.queues.read(offset, out)
        }

        fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
            self.queues.write(offset, bytes)
        }

        fn load_u32(&self, offset: usize) -> Result<u32, OutOfRange> {
            if offset == STATUS_QUEUE + WRITE_POINTER {
                let mut state = self.state.lock();
                state.looks += 1;
                let released = state.locked_until == Some(state.looks);
                drop(state);
                if released {
                    self.answer(LOCKDOWN, 0, 1).map_err(|_| OutOfRange)?;
                }
            }
            self.queues.load_u32(offset)
        }

        fn store_u32(&self, offset: usize, value: u32) -> Result<(), OutOfRange> {
            self.queues.store_u32(offset, value)
        }
    }

    impl Peer for FakeGsp<'_> {
        fn ring(&self) {
            let done = self
                .take()
                .and_then(|function| (self.habit)(self, function));
            assert!(done.is_ok());
        }

        fn is_gone(&self) -> bool {
            self.state.lock().gone
        }

        fn is_running(&self) -> bool {
            true
        }
    }

    /// A conversation with a GSP of some habit.
    struct Talk<'a> {
        rpc: Pin<KBox<Rpc<'a, FakeGsp<'a>>>>,
        gsp: Arc<Mutex<Progress>>,
        diagnostics: Arc<Diagnostics>,
    }

    impl<'a> Talk<'a> {
        fn new(dev: &'a TestDevice, habit: Habit) -> Result<Self> {
            let queues = QueueMemory::alloc(dev.bound())?;
            let header = TxHeader {
                write: Pointer::FIRST,
            };
            queues
                .write(STATUS_QUEUE, &header.encode())
                .map_err(|_| EINVAL)?;
            let gsp = Arc::pin_init(
                new_mutex!(Progress::default(), "FakeGsp::state"),
                GFP_KERNEL,
            )?;
            let diagnostics = Diagnostics::new()?;
            let peer = FakeGsp {
                queues,
                state: gsp.clone(),
                habit,
            };
            let rpc = Rpc::new(dev.bound(), peer, Timeline::new()?, diagnostics.clone())?;
            Ok(Self {
                rpc: KBox::pin_init(rpc, GFP_KERNEL)?,
                gsp,
                diagnostics,
            })
        }

        /// Calls with 8 bytes; the answer is to have `len`.
        fn call(&self, len: usize, timeout: Delta) -> Result<KVVec<u8>> {
            let answer = KVVec::from_elem(0, len, GFP_KERNEL)?;
            self.rpc.call(CONTROL, &[1; 8], answer, timeout)
        }

        fn is_dead(&self) -> bool {
            self.diagnostics.state() == State::Dead
        }
    }

    fn silent(_: &FakeGsp<'_>, _: Function) -> Result {
        Ok(())
    }

    fn friendly(gsp: &FakeGsp<'_>, function: Function) -> Result {
        gsp.answer(function, 5, 8)
    }

    #[test]
    fn call_is_answered() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, friendly)?;
        for _ in 0..200 {
            assert!(*talk.call(8, CALL_TIMEOUT)? == [5; 8]);
        }
        Ok(())
    }

    #[test]
    fn long_call_is_sent_in_parts() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, silent)?;
        let payload = KVVec::from_elem(1, 200_000, GFP_KERNEL)?;
        let function = Function::SET_REGISTRY;
        let answer = talk.rpc.call(function, &payload, KVVec::new(), SHORT);
        assert_eq!(answer.err(), Some(ETIMEDOUT));
        assert_eq!(talk.gsp.lock().rung, 4);
        Ok(())
    }

    #[test]
    fn what_is_left_is_found_and_not_announced() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, silent)?;
        let left = [Function::GSP_SET_SYSTEM_INFO, Function::SET_REGISTRY];
        for function in left {
            talk.rpc.leave(function, &[1; 8])?;
        }
        assert_eq!(talk.gsp.lock().rung, 0);
        for function in left {
            assert!(talk.rpc.peer.take()? == function);
        }
        Ok(())
    }

    #[test]
    fn long_answer_is_put_together_around_an_event() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| {
            gsp.answer(function, 1, MAX_PAYLOAD)?;
            gsp.answer(EVENT, 0, 272)?;
            gsp.answer(Function::CONTINUATION_RECORD, 2, 3)
        })?;
        let answer = talk.call(MAX_PAYLOAD + 3, CALL_TIMEOUT)?;
        assert!(answer[..MAX_PAYLOAD].iter().all(|&byte| byte == 1));
        assert!(answer[MAX_PAYLOAD..] == [2, 2, 2]);
        Ok(())
    }

    /// Counts what it is told.
    struct Count(Atomic<u32>);

    impl Listener for Count {
        fn event(&self, function: Function, payload: &[u8]) {
            if function == EVENT && payload == [9; 4] {
                self.0.fetch_add(1u32, Relaxed);
            }
        }
    }

    #[test]
    fn events_are_for_those_who_listen() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| {
            gsp.answer(EVENT, 9, 4)?;
            gsp.answer(Function(0x1fff), 9, 4)?;
            gsp.answer(EVENT, 9, 4)?;
            gsp.answer(function, 5, 8)
        })?;
        let count = Arc::new(Count(Atomic::new(0)), GFP_KERNEL)?;
        talk.rpc.listen(EVENT, count.clone())?;
        talk.call(8, CALL_TIMEOUT)?;
        assert_eq!(count.0.load(Relaxed), 2);
        Ok(())
    }

    #[test]
    fn refusal_is_an_errno_and_no_death() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| gsp.send(function, Status(0x55), 0, 0))?;
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EBUSY));
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EBUSY));
        assert!(!talk.is_dead());
        Ok(())
    }

    #[test]
    fn short_answer_is_an_error_and_no_death() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| gsp.answer(function, 5, 7))?;
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
        assert!(*talk.call(7, CALL_TIMEOUT)? == [5; 7]);
        Ok(())
    }

    #[test]
    fn answers_that_nobody_waits_for_are_left_alone() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| {
            gsp.answer(Function::FREE, 1, 8)?;
            gsp.answer(Function::CONTINUATION_RECORD, 2, 8)?;
            gsp.answer(function, 5, 8)?;
            gsp.answer(function, 3, 8)
        })?;
        for _ in 0..3 {
            assert!(*talk.call(8, CALL_TIMEOUT)? == [5; 8]);
            talk.rpc.drain()?;
        }
        Ok(())
    }

    #[test]
    fn silence_is_death() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, silent)?;
        assert_eq!(talk.call(8, SHORT).err(), Some(ETIMEDOUT));
        assert!(talk.is_dead());
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
        assert_eq!(talk.gsp.lock().rung, 1);
        Ok(())
    }

    #[test]
    fn device_that_has_gone_is_no_silence() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, silent)?;
        talk.gsp.lock().gone = true;
        assert_eq!(talk.call(8, SHORT).err(), Some(ENODEV));
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
        Ok(())
    }

    #[test]
    fn lies_are_death_at_once() -> Result {
        let dev = TestDevice::new()?;
        let lies: [Habit; 3] = [
            |gsp, _| gsp.store(STATUS_QUEUE + WRITE_POINTER, 63),
            |gsp, _| gsp.store(STATUS_QUEUE + WRITE_POINTER, 1),
            |gsp, function| {
                gsp.state.lock().sent += 1;
                gsp.answer(function, 5, 8)
            },
        ];
        for lie in lies {
            let talk = Talk::new(&dev, lie)?;
            assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
            assert!(talk.is_dead());
            assert_eq!(talk.rpc.drain().err(), Some(EIO));
            assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
            assert_eq!(talk.gsp.lock().rung, 1);
        }
        Ok(())
    }

    #[test]
    fn nothing_is_rung_while_registers_are_locked() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, function| {
            gsp.answer(function, 5, 8)?;
            gsp.answer(LOCKDOWN, 1, 1)
        })?;
        talk.call(8, CALL_TIMEOUT)?;
        talk.rpc.drain()?;
        assert!(talk.rpc.is_locked_down());
        let looks = talk.gsp.lock().looks;
        talk.gsp.lock().locked_until = Some(looks + 5);
        assert!(*talk.call(8, CALL_TIMEOUT)? == [5; 8]);
        assert!(talk.gsp.lock().looks > looks + 5);
        Ok(())
    }

    #[test]
    fn boot_hears_what_it_waits_for_and_others_the_rest() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, |gsp, _| {
            gsp.answer(EVENT, 9, 4)?;
            gsp.answer(Function::GSP_RUN_CPU_SEQUENCER, 7, 40)?;
            gsp.answer(Function::GSP_INIT_DONE, 0, 0)
        })?;
        let count = Arc::new(Count(Atomic::new(0)), GFP_KERNEL)?;
        talk.rpc.listen(EVENT, count.clone())?;
        talk.rpc.leave(Function::GSP_SET_SYSTEM_INFO, &[0; 8])?;
        // As if it had been started.
        talk.rpc.peer.ring();
        let wanted = [Function::GSP_RUN_CPU_SEQUENCER, Function::GSP_INIT_DONE];
        let clock = BootClock::start();
        for (function, len) in wanted.into_iter().zip([40, 0]) {
            let message = talk.rpc.wait_for_event(&wanted, &clock)?;
            assert_eq!(message.function, function);
            assert_eq!(message.payload.len(), len);
        }
        assert_eq!(count.0.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn interrupts_that_do_not_come_are_given_up() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, friendly)?;
        talk.diagnostics.interrupts_on.store(true, Relaxed);
        for number in 1..=MAX_MISSED {
            assert!(talk.diagnostics.interrupts_on.load(Relaxed));
            talk.call(8, CALL_TIMEOUT)?;
            assert_eq!(talk.diagnostics.missed.load(Relaxed), number);
        }
        assert!(!talk.diagnostics.interrupts_on.load(Relaxed));
        talk.call(8, SHORT)?;
        Ok(())
    }

    #[test]
    fn calls_after_the_end_fail() -> Result {
        let dev = TestDevice::new()?;
        let talk = Talk::new(&dev, friendly)?;
        talk.rpc.stop();
        assert_eq!(talk.call(8, CALL_TIMEOUT).err(), Some(EIO));
        assert_eq!(talk.rpc.leave(CONTROL, &[]).err(), Some(EIO));
        assert_eq!(talk.gsp.lock().rung, 0);
        assert_eq!(talk.diagnostics.state(), State::Stopped);
        Ok(())
    }
}
