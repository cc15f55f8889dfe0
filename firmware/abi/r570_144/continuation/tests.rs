// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    vec,
    vec::Vec, //
};

const CONTROL: Function = Function::GSP_RM_CONTROL;
const RECORD: Function = Function::CONTINUATION_RECORD;

fn from_gsp(function: Function, len: usize) -> Header {
    Header::from_gsp(0, function, len).unwrap()
}

#[test]
fn calls_are_split_where_a_message_is_full() {
    for (name, len, want) in [
        ("empty", 0, vec![0]),
        ("one byte", 1, vec![1]),
        ("full", 65456, vec![65456]),
        ("one byte more", 65457, vec![65456, 1]),
        ("published", 200_000, vec![65456, 65456, 65456, 3632]),
    ] {
        let parts: Vec<_> = Parts::new(CONTROL, len).collect();
        let lens: Vec<_> = parts.iter().map(|part| part.bytes.len()).collect();
        assert_eq!(lens, want, "{name}");
        assert_eq!(parts[0].function, CONTROL, "{name}");
        assert!(
            parts[1..].iter().all(|part| part.function == RECORD),
            "{name}"
        );
        assert_eq!(parts[0].bytes.start, 0, "{name}");
        assert_eq!(parts[parts.len() - 1].bytes.end, len, "{name}");
        assert!(
            parts
                .windows(2)
                .all(|it| it[0].bytes.end == it[1].bytes.start),
            "{name}"
        );
    }
    let header = Parts::new(CONTROL, 70_000)
        .next()
        .unwrap()
        .header(9)
        .unwrap();
    assert_eq!(
        (header.number, header.function, header.payload_len()),
        (9, CONTROL, 65456)
    );
    assert_eq!(header.result, Status::PENDING);
}

#[test]
fn long_answers_are_put_together() {
    let sent: Vec<_> = (0..200_000u32).map(|it| ((it * 7) >> 3) as u8).collect();
    let mut buffer = vec![0; sent.len()];
    let mut answer = Answer::new(CONTROL, &mut buffer);
    let parts: Vec<_> = Parts::new(CONTROL, sent.len()).collect();
    for (index, part) in parts.iter().enumerate() {
        let event = from_gsp(Function::OS_ERROR_LOG, 1);
        assert_eq!(answer.take(&event, &[0]), Ok(Progress::Unrelated));
        let header = from_gsp(part.function, part.bytes.len());
        let want = if index == 3 {
            Progress::Complete
        } else {
            Progress::Incomplete
        };
        assert_eq!(answer.take(&header, &sent[part.bytes.clone()]), Ok(want));
    }
    assert_eq!(
        answer.take(&from_gsp(RECORD, 1), &[0]),
        Err(AnswerError::Finished)
    );
    assert_eq!(buffer, sent);
}

#[test]
fn answers_of_one_message_may_have_more_fields() {
    let mut buffer = [0; 4];
    let mut answer = Answer::new(CONTROL, &mut buffer);
    let other = from_gsp(Function::FREE, 0);
    assert_eq!(answer.take(&other, &[]), Ok(Progress::Unrelated));
    let progress = answer.take(&from_gsp(CONTROL, 6), &[1, 2, 3, 4, 5, 6]);
    assert_eq!(progress, Ok(Progress::Complete));
    assert_eq!(buffer, [1, 2, 3, 4]);
}

#[test]
fn failures_need_no_payload() {
    let mut buffer = [0; 4];
    let mut answer = Answer::new(CONTROL, &mut buffer);
    let mut header = from_gsp(CONTROL, 0);
    header.result = Status(0x56);
    assert_eq!(
        answer.take(&header, &[]),
        Ok(Progress::Failed(Status(0x56)))
    );
}

#[test]
fn wrong_answers_are_refused() {
    let full = vec![1; MAX_PAYLOAD];
    let len = MAX_PAYLOAD + 10;
    for (name, messages, want) in [
        ("stray continuation", vec![(RECORD, 1)], AnswerError::Stray),
        (
            "short answer",
            vec![(CONTROL, 9)],
            AnswerError::Short {
                len: 9,
                expected: len,
            },
        ),
        (
            "interrupted",
            vec![(CONTROL, MAX_PAYLOAD), (Function::FREE, 1)],
            AnswerError::Interrupted(Function::FREE),
        ),
        (
            "started again",
            vec![(CONTROL, MAX_PAYLOAD), (CONTROL, MAX_PAYLOAD)],
            AnswerError::Interrupted(CONTROL),
        ),
        (
            "empty continuation",
            vec![(CONTROL, MAX_PAYLOAD), (RECORD, 0)],
            AnswerError::Short {
                len: MAX_PAYLOAD,
                expected: len,
            },
        ),
        (
            "long continuation",
            vec![(CONTROL, MAX_PAYLOAD), (RECORD, 11)],
            AnswerError::Long {
                len: 11,
                expected: 10,
            },
        ),
    ] {
        let mut buffer = vec![0; len];
        let mut answer = Answer::new(CONTROL, &mut buffer);
        let (last, before) = messages.split_last().unwrap();
        for (function, len) in before {
            let progress = answer.take(&from_gsp(*function, *len), &full[..*len]);
            assert_eq!(progress, Ok(Progress::Incomplete), "{name}");
        }
        let error = answer.take(&from_gsp(last.0, last.1), &full[..last.1]);
        assert_eq!(error, Err(want), "{name}");
        let after = answer.take(&from_gsp(RECORD, 1), &[0]);
        let want = if want == AnswerError::Stray {
            AnswerError::Stray
        } else {
            AnswerError::Finished
        };
        assert_eq!(after, Err(want), "{name}");
    }
}

proptest! {
    #[test]
    fn hostile_answers_end(len in 0usize..300_000, messages in any_vec((0usize..4, 0usize..=MAX_PAYLOAD, any::<bool>()), 0..20)) {
        let payload = vec![0; MAX_PAYLOAD];
        let mut buffer = vec![0; len];
        let mut answer = Answer::new(CONTROL, &mut buffer);
        let mut incomplete = 0;
        for (function, size, full) in messages {
            let function = [CONTROL, RECORD, Function::FREE, Function::GSP_INIT_DONE][function];
            let size = if full { MAX_PAYLOAD } else { size };
            if answer.take(&from_gsp(function, size), &payload[..size]) == Ok(Progress::Incomplete) {
                incomplete += 1;
            }
        }
        prop_assert!(incomplete <= len / MAX_PAYLOAD);
    }
}
