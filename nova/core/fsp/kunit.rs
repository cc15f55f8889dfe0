// SPDX-License-Identifier: GPL-2.0

//! The channel with an FSP that is played by its registers, and the decisions that follow an exchange.
//!
//! The full set of cases of the pure parts runs on the host.

use kernel::prelude::*;

#[kunit_tests(nova_core_fsp_channel)]
mod channel {
    use super::super::channel::{
        Channel,
        ChannelError,
        Port,
        Register, //
    };
    use core::cell::{
        Cell,
        RefCell, //
    };
    use kernel::{
        prelude::*,
        time::Delta, //
    };
    use nova_firmware::fsp::PACKET_MAX;
    use nova_hw::fsp::channel::{
        BadPacket,
        Packet,
        PacketError, //
    };

    /// Too short for anything that takes its time.
    const SHORT: Delta = Delta::from_millis(30);

    /// `EMEMC` as it has to be for one direction or the other.
    const WRITE_FROM_0: u32 = 0x0100_0000;
    const READ_FROM_0: u32 = 0x0200_0000;

    /// What FSP does with a request.
    #[derive(Clone, Copy)]
    enum Habit {
        /// It answers with all words one higher, after it has been looked at so often.
        Answer(u32),
        /// It takes the request and says nothing.
        Silent,
        /// It does not take it.
        Hang,
        /// It says that its answer lies between these offsets.
        Say(u32, u32),
        /// It goes.
        Vanish,
        /// It goes when the driver has seen that there is an answer.
        Fade,
    }

    /// FSP, and a card whose driver has a channel to it.
    struct FakeFsp {
        habit: Cell<Habit>,
        memory: RefCell<[u32; PACKET_MAX / 4]>,
        ememc: Cell<u32>,
        queue: Cell<Packet>,
        messages: Cell<Packet>,
        /// Looks at the queue of messages since the last request was taken.
        looks: Cell<u32>,
        /// Words of the answer that is still to come.
        to_come: Cell<usize>,
        gone: Cell<bool>,
        dropped: Cell<Option<Packet>>,
        /// The doorbell was rung so often.
        rung: Cell<u32>,
        /// Registers were written so often.
        writes: Cell<u32>,
    }

    const NOTHING: Packet = Packet { head: 0, tail: 0 };

    impl FakeFsp {
        fn new(habit: Habit) -> Self {
            Self {
                habit: Cell::new(habit),
                memory: RefCell::new([0; PACKET_MAX / 4]),
                ememc: Cell::new(0),
                queue: Cell::new(NOTHING),
                messages: Cell::new(NOTHING),
                looks: Cell::new(0),
                to_come: Cell::new(0),
                gone: Cell::new(false),
                dropped: Cell::new(None),
                rung: Cell::new(0),
                writes: Cell::new(0),
            }
        }

        /// The word that the port is at; moves on if the port is set for this direction.
        fn word(&self, mode: u32) -> usize {
            let at = self.ememc.get();
            if at & mode != 0 {
                self.ememc.set(at + 4);
            }
            (at as u16 / 4) as usize
        }

        fn ring(&self) {
            self.rung.set(self.rung.get() + 1);
            let Packet { head, tail } = self.queue.get();
            if head == tail {
                return;
            }
            let words = ((tail - head) / 4 + 1) as usize;
            match self.habit.get() {
                Habit::Hang => return,
                Habit::Answer(_) => {
                    for word in &mut self.memory.borrow_mut()[..words] {
                        *word = word.wrapping_add(1);
                    }
                    self.to_come.set(words);
                }
                Habit::Say(head, tail) => self.messages.set(Packet { head, tail }),
                Habit::Silent => {}
                Habit::Fade => self.messages.set(Packet {
                    head: 0,
                    tail: 0x10,
                }),
                Habit::Vanish => self.gone.set(true),
            }
            self.looks.set(0);
            self.queue.set(Packet { head: tail, tail });
        }

        /// The driver looks whether there is a message.
        fn look(&self) {
            self.looks.set(self.looks.get() + 1);
            match self.habit.get() {
                Habit::Answer(looks) if self.to_come.get() > 0 && self.looks.get() >= looks => {
                    let tail = 4 * self.to_come.take() as u32 - 4;
                    self.messages.set(Packet { head: 0, tail });
                }
                _ => {}
            }
        }
    }

    impl Port for &FakeFsp {
        fn read(&self, register: Register) -> u32 {
            if self.gone.get() {
                return u32::MAX;
            }
            match register {
                Register::Ememc => self.ememc.get(),
                Register::Ememd => self.memory.borrow()[self.word(READ_FROM_0)],
                Register::QueueHead => self.queue.get().head,
                Register::QueueTail => self.queue.get().tail,
                Register::MsgqHead => self.messages.get().head,
                Register::MsgqTail => {
                    self.look();
                    let tail = self.messages.get().tail;
                    if tail != 0 && matches!(self.habit.get(), Habit::Fade) {
                        self.gone.set(true);
                    }
                    tail
                }
            }
        }

        fn write(&self, register: Register, value: u32) {
            self.writes.set(self.writes.get() + 1);
            let (queue, messages) = (self.queue.get(), self.messages.get());
            match register {
                Register::Ememc => self.ememc.set(value),
                Register::Ememd => self.memory.borrow_mut()[self.word(WRITE_FROM_0)] = value,
                Register::QueueTail => self.queue.set(Packet {
                    tail: value,
                    ..queue
                }),
                Register::QueueHead => {
                    self.queue.set(Packet {
                        head: value,
                        ..queue
                    });
                    self.ring();
                }
                Register::MsgqHead => self.messages.set(Packet {
                    head: value,
                    ..messages
                }),
                Register::MsgqTail => self.messages.set(Packet {
                    tail: value,
                    ..messages
                }),
            }
        }

        fn is_gone(&self) -> bool {
            self.gone.get()
        }

        fn dropped(&self, packet: Packet) {
            self.dropped.set(Some(packet));
        }
    }

    fn buffer() -> Result<KBox<[u8; PACKET_MAX]>> {
        Ok(KBox::init(pin_init::init_zeroed(), GFP_KERNEL)?)
    }

    /// Sends a packet of `len` bytes, each the number of its word; gives the answer.
    fn exchange(fsp: &FakeFsp, len: usize) -> Result<Result<KVec<u8>, ChannelError>> {
        let mut request = KVec::new();
        for at in 0..len {
            request.push((at / 4) as u8, GFP_KERNEL)?;
        }
        let mut answer = buffer()?;
        match Channel::new(fsp, SHORT).exchange(&request, &mut answer) {
            Ok(answer) => {
                let mut copy = KVec::new();
                copy.extend_from_slice(answer, GFP_KERNEL)?;
                Ok(Ok(copy))
            }
            Err(err) => Ok(Err(err)),
        }
    }

    /// Whether `answer` is what [`Habit::Answer`] makes of a packet of `len` bytes.
    fn is_answer(answer: &[u8], len: usize) -> bool {
        answer.len() == len
            && answer
                .chunks_exact(4)
                .zip(0u32..)
                .all(|(word, at)| word == (at * 0x0101_0101).wrapping_add(1).to_le_bytes())
    }

    #[test]
    fn packets_are_answered_one_after_the_other() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(1));
        for (count, len) in [(1, 868), (2, 12), (3, 8), (4, 1024), (5, 20)] {
            let answer = exchange(&fsp, len)?;
            assert!(answer.is_ok_and(|answer| is_answer(&answer, len)));
            assert_eq!(fsp.rung.get(), count);
            let Packet { head, tail } = fsp.messages.get();
            assert_eq!(head, tail);
        }
        assert_eq!(fsp.dropped.get(), None);
        Ok(())
    }

    #[test]
    fn an_exchange_is_these_accesses_and_no_more() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(1));
        assert!(exchange(&fsp, 868)?.is_ok());
        // The packet, the port for each direction, both ends of the queue, and the end of the message.
        assert_eq!(fsp.writes.get(), 217 + 2 + 2 + 1);
        assert_eq!(fsp.queue.get().tail, 0x360);
        assert_eq!(fsp.ememc.get(), READ_FROM_0 | 868);
        // There was no message before, since there was no request.
        assert_eq!(fsp.looks.get(), 1);
        assert!(exchange(&fsp, 868)?.is_ok());
        assert_eq!(fsp.writes.get(), 2 * 222);
        Ok(())
    }

    #[test]
    fn an_answer_that_takes_its_time_is_waited_for() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(4));
        assert!(exchange(&fsp, 12)?.is_ok_and(|answer| is_answer(&answer, 12)));
        assert_eq!(fsp.looks.get(), 4);
        Ok(())
    }

    #[test]
    fn packets_that_cannot_be_sent_leave_the_channel_alone() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(1));
        for len in [0, 4, 11, 1028] {
            let refused = Err(ChannelError::Request(BadPacket { len }));
            assert_eq!(exchange(&fsp, len)?, refused);
        }
        assert_eq!((fsp.writes.get(), fsp.looks.get()), (0, 0));
        Ok(())
    }

    #[test]
    fn a_message_for_somebody_else_is_dropped_first() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(1));
        let stale = Packet {
            head: 0,
            tail: 0x10,
        };
        fsp.messages.set(stale);
        // As the request for it has left the other queue.
        fsp.queue.set(Packet {
            head: 0x360,
            tail: 0x360,
        });
        assert!(exchange(&fsp, 12)?.is_ok_and(|answer| is_answer(&answer, 12)));
        assert_eq!(fsp.dropped.get(), Some(stale));
        Ok(())
    }

    #[test]
    fn memory_is_not_written_before_the_last_request_was_taken() -> Result {
        let fsp = FakeFsp::new(Habit::Answer(1));
        fsp.queue.set(Packet {
            head: 0,
            tail: 0x360,
        });
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Busy));
        assert_eq!(fsp.writes.get(), 0);
        Ok(())
    }

    #[test]
    fn a_request_that_is_not_taken_or_answered_is_given_up() -> Result {
        let fsp = FakeFsp::new(Habit::Silent);
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Silent));
        // It may be about to answer, so what comes first is not for the next request.
        fsp.messages.set(Packet {
            head: 0,
            tail: 0x14,
        });
        fsp.habit.set(Habit::Answer(1));
        assert!(exchange(&fsp, 12)?.is_ok());
        assert!(fsp.dropped.get().is_some());

        let fsp = FakeFsp::new(Habit::Hang);
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Silent));
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Busy));
        Ok(())
    }

    #[test]
    fn after_an_impossible_answer_the_next_is_understood() -> Result {
        let backwards = Packet {
            head: 0x20,
            tail: 0x10,
        };
        for (head, tail, want, errno) in [
            (0x20, 0x10, PacketError::Backwards(backwards), EIO),
            (0, 0x400, PacketError::TooLong(1028), EMSGSIZE),
            (0, 14, PacketError::NotWords(18), EINVAL),
        ] {
            let fsp = FakeFsp::new(Habit::Say(head, tail));
            let failed = exchange(&fsp, 12)?;
            assert_eq!(failed, Err(ChannelError::Answer(want)));
            assert_eq!(failed.err().map(Error::from), Some(errno));
            fsp.habit.set(Habit::Answer(1));
            assert!(exchange(&fsp, 12)?.is_ok_and(|answer| is_answer(&answer, 12)));
            assert_eq!(fsp.dropped.get(), None);
        }
        Ok(())
    }

    #[test]
    fn a_device_that_goes_is_not_waited_for() -> Result {
        let fsp = FakeFsp::new(Habit::Vanish);
        let failed = exchange(&fsp, 12)?;
        assert_eq!(failed, Err(ChannelError::Gone));
        assert_eq!(failed.err().map(Error::from), Some(ENODEV));
        let writes = fsp.writes.get();
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Gone));
        assert_eq!(fsp.writes.get(), writes);

        let fsp = FakeFsp::new(Habit::Fade);
        assert_eq!(exchange(&fsp, 12)?, Err(ChannelError::Gone));
        Ok(())
    }
}

#[kunit_tests(nova_core_fsp_decisions)]
mod decisions {
    use nova_firmware::fsp::prc::VgpuMode;
    use nova_hw::{
        chip::Chip,
        fb::{
            FspLayout,
            LayoutError,
            VramAddr, //
        },
        fsp::{
            gsp::{
                Core,
                Progress, //
            },
            is_ready,
            vgpu, //
        }, //
    };

    #[test]
    fn fsp_is_ready_only_if_it_says_so() {
        assert!(is_ready(0xff));
        assert!(!is_ready(0x1ff));
        assert!(!is_ready(u32::MAX));
    }

    #[test]
    fn the_gsp_is_released_when_nothing_is_left_in_its_mailboxes() {
        const PARAMS: u64 = 0x1_2350_0000;
        for (hwcfg2, mailbox0, want) in [
            (0xbadf_41c3, 0, Progress::WithFsp),
            (0, 0, Progress::WithFsp),
            (0x8000_2400, 0x2350_0000, Progress::Starting),
            (0x8000_0400, 0x2350_0000, Progress::Starting),
            (0x8000_2400, 0, Progress::LockedDown),
            (0x8000_0400, 0, Progress::Released),
            (0x8000_0400, 0x5a, Progress::Failed(0x5a)),
        ] {
            let found = Progress::decide(hwcfg2, || mailbox0, || 1, PARAMS);
            assert_eq!(found, want);
        }
    }

    #[test]
    fn a_core_that_cannot_be_seen_has_not_halted() {
        assert_eq!(Core::decode(0x10), Core::Halted);
        assert_eq!(Core::decode(0x80), Core::Active);
        // The bits of both are set in what is read instead.
        assert_eq!(Core::decode(0xbadf_4190), Core::WithFsp);
    }

    #[test]
    fn few_cards_are_asked_for_their_vgpu_mode() {
        assert!(vgpu::is_worth_asking(Chip::Gb202.family(), 2));
        assert!(!vgpu::is_worth_asking(Chip::Gb202.family(), 1));
        assert!(!vgpu::is_worth_asking(Chip::Gh100.family(), 16));
        assert_eq!(vgpu::functions(VgpuMode::Disabled, 16), None);
        let functions = vgpu::functions(VgpuMode::Enabled, 256);
        let layout = FspLayout::compute(Chip::Gb202.family(), VramAddr::new(32 << 30), functions);
        assert_eq!(
            layout.err(),
            Some(LayoutError::TooManyVfs { total_vfs: 256 })
        );
    }
}
