//! The stored named alarms: a row for each.

use super::platform::Platform;
use crate::core::named_alarms::NamedAlarm;
use crate::time::Timestamp;

/// The keys of all rows of alarms: `alarm:`, the name after it, and [`OLD`].
const KEYS: (&str, &str) = ("alarm", "alarn");

/// The key of the row that had all alarms before each had its own.
const OLD: &str = "alarms";

/// Reads all alarms. What cannot be read is logged and left out.
pub(super) fn read<P: Platform>(platform: &mut P) -> Vec<NamedAlarm> {
    let store = platform.store();
    let rows = match store.texts(KEYS.0, KEYS.1) {
        Ok(rows) => rows,
        Err(problem) => {
            platform.log_error(&format!("dormouse: the named alarms could not be read: {problem}"));
            return Vec::new();
        }
    };
    let mut alarms = Vec::with_capacity(rows.len());
    for (key, text) in rows {
        let read = if key == OLD {
            split(platform, &text, &alarms).map(|old| alarms.extend(old))
        } else {
            serde_json::from_str(&text).map(|alarm| alarms.push(alarm))
        };
        if let Err(error) = read {
            platform.log_error(&format!("dormouse: the stored {key:?} could not be read: {error}"));
        }
    }
    alarms
}

/// Writes a row for each alarm of the old row but those of `newer`, and deletes the old one first: a full database has room
/// for them then. If they cannot be written all the same, the old row stays.
fn split<P: Platform>(platform: &mut P, text: &str, newer: &[NamedAlarm]) -> serde_json::Result<Vec<NamedAlarm>> {
    let mut alarms: Vec<NamedAlarm> = serde_json::from_str(text)?;
    alarms.retain(|alarm| newer.iter().all(|newer| newer.name != alarm.name));
    let store = platform.store();
    let write_all = |is_there: bool| {
        let row = |alarm: &NamedAlarm| is_there.then(|| alarm.to_json());
        alarms.iter().try_for_each(|alarm| store.write(&NamedAlarm::key(&alarm.name), row(alarm).as_deref()))
    };
    let written = store.write(OLD, None).and_then(|()| write_all(true));
    if let Err(problem) = written {
        platform.log_error(&format!("dormouse: the named alarms could not be written: {problem}"));
        // The rows that were written have taken the old one's room.
        if let Err(problem) = write_all(false).and_then(|()| store.write(OLD, Some(text))) {
            platform.log_error(&format!("dormouse: the named alarms are in memory only: {problem}"));
        }
    }
    Ok(alarms)
}

/// Returns when the earliest alarm is due, without reading the others.
///
/// # Errors
/// The platform failed, or a row is damaged.
pub(super) fn first_at(platform: &impl Platform) -> Result<Option<Timestamp>, String> {
    platform.store().first_at(KEYS.0, KEYS.1)
}

/// Writes the row of an alarm, or deletes it.
///
/// # Errors
/// The platform failed.
pub(super) fn write(platform: &impl Platform, name: &str, alarm: Option<&NamedAlarm>) -> Result<(), String> {
    platform.store().write(&NamedAlarm::key(name), alarm.map(NamedAlarm::to_json).as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::virtual_runtime::VirtualPlatform;

    const OLD_ROW: &str = r#"[{"name":"a","at":1000,"context":"1"},{"name":"b","at":500,"context":"{\"n\":7}"}]"#;

    fn names(alarms: &[NamedAlarm]) -> Vec<(&str, u64, &str)> {
        alarms.iter().map(|alarm| (&*alarm.name, alarm.at.as_millis(), &*alarm.context)).collect()
    }

    #[test]
    fn the_row_of_an_earlier_version_is_split() {
        let mut platform = VirtualPlatform::default();
        let store = platform.store();
        store.write(OLD, Some(OLD_ROW)).expect("there is room");
        assert_eq!(first_at(&platform).expect("JSON"), Some(Timestamp::default()), "the world must wake for it");
        let expected = [("a", 1000, "1"), ("b", 500, r#"{"n":7}"#)];
        assert_eq!(names(&read(&mut platform)), expected);
        assert_eq!(store.keys("alarm").expect("readable"), ["alarm:a", "alarm:b"]);
        assert_eq!(names(&read(&mut platform)), expected);
        assert_eq!(first_at(&platform).expect("JSON"), Some(Timestamp::from_millis(500)));
        write(&platform, "b", None).expect("it is deleted");
        assert_eq!(first_at(&platform).expect("JSON"), Some(Timestamp::from_millis(1000)));
    }

    #[test]
    fn an_old_row_that_cannot_be_split_stays() {
        let mut platform = VirtualPlatform::default();
        let store = platform.store();
        let alarm = |n, context: &str| NamedAlarm {
            name: format!("{n:02}").into(),
            at: Timestamp::from_millis(n),
            context: context.into(),
        };
        let old: Vec<_> = (0..20).map(|n| alarm(n, "1")).collect();
        let old = serde_json::to_string(&old).expect("JSON");
        store.write(OLD, Some(&old)).expect("there is room");
        write(&platform, "00", Some(&alarm(0, "2"))).expect("there is room");
        platform.set_full(true);
        let alarms = read(&mut platform);
        assert_eq!(alarms.len(), 20);
        assert_eq!(alarms.iter().filter(|read| **read == alarm(0, "2")).count(), 1);
        assert_eq!(platform.log.len(), 1, "{:?}", platform.log);
        platform.set_full(false);
        assert_eq!(read(&mut platform).len(), 20);
        assert_eq!(store.read(OLD), Ok(None));
        assert_eq!(platform.log.len(), 1, "{:?}", platform.log);
    }

    #[test]
    fn one_damaged_row_costs_one_alarm() {
        let mut platform = VirtualPlatform::default();
        let good = NamedAlarm { name: "b".into(), at: Timestamp::from_millis(9), context: "2".into() };
        write(&platform, "b", Some(&good)).expect("there is room");
        platform.store().write("alarm:a", Some("{")).expect("there is room");
        assert_eq!(read(&mut platform), [good]);
        assert_eq!(platform.log.len(), 1, "{:?}", platform.log);
        first_at(&platform).expect_err("the world wakes for the damaged row, and says so");
    }
}
