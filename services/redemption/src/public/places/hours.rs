//! Opening hours in French, from the syntax of OpenStreetMap that the national schema asks for. Pure.
//!
//! Read are days with times (`Mo-Fr 09:00-12:00,14:00-18:30; Sa off; PH off`), which is all that the files known to us hold.
//! Months, weeks and comments are not: then nothing is made up, and the page shows the syntax as it is.

use std::fmt::Write;

const DAYS: [(&str, &str); 7] = [
    ("Mo", "lundi"),
    ("Tu", "mardi"),
    ("We", "mercredi"),
    ("Th", "jeudi"),
    ("Fr", "vendredi"),
    ("Sa", "samedi"),
    ("Su", "dimanche"),
];

/// Between a number and what it counts.
const NO_BREAK: char = '\u{a0}';

/// The times of one day, in French; empty is closed.
type Times = String;

/// A line for each run of days with the same times: « du lundi au vendredi : de 9 h à 12 h et de 14 h à 18 h 30 ».
pub(super) fn french(syntax: &str) -> Option<Vec<String>> {
    let mut week: [Times; DAYS.len()] = Default::default();
    let mut holidays = None;
    for rule in syntax.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
        if let Some(rule) = rule.strip_prefix("PH ") {
            holidays = Some(times(rule)?);
            continue;
        }
        let (days, times) = if rule == "24/7" {
            (vec![true; DAYS.len()], "toute la journée et toute la nuit".to_owned())
        } else {
            let (days, times) = match rule.split_once(' ') {
                Some((days, times)) if !days.starts_with(|c: char| c.is_ascii_digit()) => (self::days(days)?, times),
                _ => (vec![true; DAYS.len()], rule),
            };
            (days, self::times(times)?)
        };
        // As in the syntax: a later rule takes the day over.
        for (day, _) in week.iter_mut().zip(days).filter(|(_, named)| *named) {
            day.clone_from(&times);
        }
    }
    let mut lines = lines(&week);
    if lines.is_empty() {
        return None;
    }
    lines.extend(holidays.map(|times| match times.as_str() {
        "" => "fermé les jours fériés".to_owned(),
        times => format!("les jours fériés : {times}"),
    }));
    Some(lines)
}

/// `Mo-We,Fr`.
fn days(list: &str) -> Option<Vec<bool>> {
    let place = |name: &str| DAYS.iter().position(|(short, _)| *short == name);
    let mut named = vec![false; DAYS.len()];
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (mut day, end) = (place(from)?, place(to)?);
        // `Sa-Mo` goes over the week's end.
        loop {
            *named.get_mut(day)? = true;
            if day == end {
                break;
            }
            day = (day + 1) % DAYS.len();
        }
    }
    Some(named)
}

/// `09:00-12:00,14:00-18:30`, `off`.
fn times(list: &str) -> Option<Times> {
    if matches!(list.trim(), "off" | "closed") {
        return Some(Times::new());
    }
    let mut spans: Vec<(&str, &str)> = Vec::new();
    for span in list.split(',') {
        let (from, to) = span.trim().split_once('-')?;
        match spans.last_mut() {
            // 09:00-12:00,12:00-17:00 is one span to whoever comes.
            Some((_, end)) if *end == from => *end = to,
            _ => spans.push((from, to)),
        }
    }
    let mut french = Vec::new();
    for (from, to) in spans {
        french.push(format!("de {} à {}", hour(from)?, hour(to)?));
    }
    Some(french.join(" et "))
}

/// `09:30` is « 9 h 30 », which no line break cuts.
fn hour(time: &str) -> Option<String> {
    let (hours, minutes) = time.split_once(':')?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hours) || !two(minutes) || hours > "24" || minutes > "59" {
        return None;
    }
    let hours = hours.strip_prefix('0').unwrap_or(hours);
    Some(match minutes {
        "00" => format!("{hours}{NO_BREAK}h"),
        minutes => format!("{hours}{NO_BREAK}h{NO_BREAK}{minutes}"),
    })
}

fn lines(week: &[Times; DAYS.len()]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut day = 0;
    while let Some(times) = week.get(day) {
        let run = week.iter().skip(day).take_while(|other| *other == times).count();
        if !times.is_empty() {
            let (first, last) = (DAYS[day].1, DAYS[day + run - 1].1);
            let mut line = match run {
                1 => format!("le {first}"),
                2 => format!("le {first} et le {last}"),
                7 => "tous les jours".to_owned(),
                _ => format!("du {first} au {last}"),
            };
            write!(line, " : {times}").expect("a String takes every write");
            lines.push(line);
        }
        day += run;
    }
    lines
}

#[cfg(test)]
mod tests {
    /// With the spaces that a reader of the test sees.
    fn french(syntax: &str) -> Option<Vec<String>> {
        let lines = super::french(syntax)?;
        Some(lines.iter().map(|line| line.replace(super::NO_BREAK, " ")).collect())
    }

    #[test]
    fn the_example_of_the_schema_reads_well() {
        assert_eq!(
            french("Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00").unwrap(),
            [
                "du lundi au vendredi : de 9 h à 12 h et de 14 h à 18 h 30",
                "le samedi : de 8 h 30 à 12 h"
            ]
        );
    }

    #[test]
    fn days_written_one_by_one_are_put_together() {
        let real =
            "Mo 09:00-12:00,12:00-17:00; Tu 09:00-12:00,12:00-17:00; We 09:00-17:00; Th 09:00-12:00; Fr 09:00-12:00";
        assert_eq!(
            french(real).unwrap(),
            [
                "du lundi au mercredi : de 9 h à 17 h",
                "le jeudi et le vendredi : de 9 h à 12 h"
            ]
        );
    }

    #[test]
    fn a_later_rule_takes_a_day_over() {
        assert_eq!(
            french("Mo-Su 10:00-18:00; We off; Sa-Su 10:00-12:00").unwrap(),
            [
                "le lundi et le mardi : de 10 h à 18 h",
                "le jeudi et le vendredi : de 10 h à 18 h",
                "le samedi et le dimanche : de 10 h à 12 h"
            ]
        );
        assert_eq!(
            french("Mo 10:00-12:00; PH off").unwrap(),
            ["le lundi : de 10 h à 12 h", "fermé les jours fériés"]
        );
        assert_eq!(french("Sa-Mo 10:00-12:00").unwrap().len(), 2);
        assert_eq!(
            french("24/7").unwrap(),
            ["tous les jours : toute la journée et toute la nuit"]
        );
        assert_eq!(french("09:00-12:00").unwrap(), ["tous les jours : de 9 h à 12 h"]);
    }

    #[test]
    fn what_is_richer_is_not_made_up() {
        for syntax in [
            "",
            "off",
            "Mo-Fr",
            "Jan-Mar Mo 09:00-12:00",
            "PH off",
            "SH Mo 09:00-12:00",
            "Mo 9h-12h",
            "Mo 09:00-12:00+",
            "Mo 09:00-12:00 \"sur rendez-vous\"",
            "Mo 25:00-26:00",
            "week 1-53/2 Mo 09:00-12:00",
            "lundi 9h",
            "Mo[1] 09:00-12:00",
        ] {
            assert_eq!(french(syntax), None, "{syntax}");
        }
    }
}
