//! The stored named alarms: a row for each.

use super::platform::Platform;
use crate::core::named_alarms::NamedAlarm;
use crate::log::Record;

/// Reads all alarms. What cannot be read is logged and left out.
pub(super) fn read<P: Platform>(platform: &mut P) -> Vec<NamedAlarm> {
    let rows = platform.store().alarms().unwrap_or_else(|problem| {
        platform.log(&Record::error(format_args!("the named alarms could not be read: {problem}")));
        Vec::new()
    });
    let mut alarms = Vec::with_capacity(rows.len());
    for row in rows {
        match NamedAlarm::parse(&row) {
            Ok(alarm) => alarms.push(alarm),
            Err(error) => platform.log(&Record::error(format_args!("a named alarm could not be read: {error}"))),
        }
    }
    alarms
}

/// Writes the row of an alarm, or deletes it.
///
/// # Errors
/// The platform failed.
pub(super) fn write(platform: &impl Platform, name: &str, alarm: Option<&NamedAlarm>) -> Result<(), String> {
    let row = alarm.map(NamedAlarm::to_json);
    platform.store().write(&NamedAlarm::key(name), row.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::virtual_runtime::VirtualPlatform;
    use crate::time::Timestamp;

    #[test]
    fn one_damaged_row_costs_one_alarm() {
        let mut platform = VirtualPlatform::default();
        let alarm = |name, millis| NamedAlarm::new(name, &(Timestamp::from_millis(millis), "1".into()));
        for (name, millis) in [("a", 9), ("c", 7)] {
            write(&platform, name, Some(&alarm(name, millis))).expect("there is room");
        }
        platform.store().write("alarm:b", Some("{")).expect("there is room");
        assert_eq!(read(&mut platform), [alarm("a", 9), alarm("c", 7)]);
        assert_eq!(platform.log.len(), 1, "{:?}", platform.log);
        platform.store().first_alarm().expect_err("the world wakes for the damaged row, and says so");
        write(&platform, "b", None).expect("it is deleted");
        assert_eq!(platform.store().first_alarm(), Ok(Some(Timestamp::from_millis(7))));
    }
}
