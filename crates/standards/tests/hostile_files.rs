//! The largest files that are taken, made to exhaust whoever reads them: each is refused, in bounded memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use standards::{camt053, cfonb120, pain002};

/// Kibibytes of address space that the reader is given: the file, its copies here, and a tree of two million nodes while it grows.
const KIBIBYTES_MAX: u32 = 1024 * 1024;

/// Says to this test that it is the reader.
const READER: &str = "HOSTILE_FILES_READER";

const CAMT: &str = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">";

/// `piece` as often as it fits between `head` and `tail`.
fn filled(head: &str, piece: &str, tail: &str) -> Vec<u8> {
    let times = (camt053::BYTES_MAX - head.len() - tail.len()) / piece.len();
    let mut file = String::with_capacity(camt053::BYTES_MAX);
    file.push_str(head);
    for _ in 0..times {
        file.push_str(piece);
    }
    (file + tail).into_bytes()
}

fn read_all() {
    for (what, file) in [
        ("nested elements", filled(CAMT, "<a>", "")),
        ("nested elements that end", {
            let half = camt053::BYTES_MAX / 8;
            [CAMT.as_bytes(), &b"<a>".repeat(half), &b"</a>".repeat(half)].concat()
        }),
        ("empty elements", filled(CAMT, "<a/>", "</Document>")),
        ("attributes", filled(&format!("{CAMT}<a"), " b=\"\"", "/></Document>")),
        ("namespaces", filled(CAMT, "<a xmlns=\"x\">", "")),
        ("entities", filled("<!DOCTYPE a [<!ENTITY a \"b\">]>", "&a;", "")),
        ("character references", filled(CAMT, "&#x41;", "</Document>")),
        ("one text", filled(CAMT, "a", "</Document>")),
        ("comments", filled(CAMT, "<!---->", "</Document>")),
        ("CDATA", filled(CAMT, "<![CDATA[a]]>", "</Document>")),
        ("processing instructions", filled(CAMT, "<?a?>", "</Document>")),
        ("brackets", filled("", "<", "")),
        ("closing brackets", filled("", ">", "")),
        ("quotes", filled(CAMT, "<a b=\"", "")),
        (
            "equals signs",
            filled(CAMT, &format!("<a>{}</a>", "=".repeat(4000)), "</Document>"),
        ),
        (
            "whole statements",
            filled(CAMT, "<BkToCstmrStmt><Stmt></Stmt></BkToCstmrStmt>", "</Document>"),
        ),
    ] {
        assert!(camt053::read(&file).is_err(), "camt.053 of {what}");
    }
    // The same parser; what it then reads is another.
    let report = CAMT.replace("camt.053.001.08", "pain.002.001.10");
    let payment = "<CstmrPmtStsRpt><OrgnlPmtInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt>";
    for (what, piece) in [("empty elements", "<a/>"), ("whole reports", payment)] {
        let file = filled(&report, piece, "</Document>");
        assert!(pain002::read(&file).is_err(), "pain.002 of {what}");
    }
    for (what, file) in [
        ("zeros", filled("01", "0", "")),
        ("line ends", filled("01", "\n", "")),
        ("first records", filled("", &format!("01{:118}\n", ""), "")),
        ("short lines", filled("", "04\n", "")),
        ("letters of many bytes", filled("01", "é", "")),
        ("one long line", filled("01", "A", "")),
    ] {
        assert!(cfonb120::read(&file).is_err(), "CFONB 120 of {what}");
    }
}

#[test]
fn the_largest_hostile_files_are_refused_in_bounded_memory() {
    if std::env::var_os(READER).is_some() {
        read_all();
        return;
    }
    let this = std::env::current_exe().unwrap();
    let limited = format!("ulimit -v {KIBIBYTES_MAX} && exec \"$0\" --exact \"$1\" --test-threads 1 --nocapture");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(this)
        .arg("the_largest_hostile_files_are_refused_in_bounded_memory")
        .env(READER, "1")
        .output()
        .unwrap();
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    // It was run, not left out.
    assert!(String::from_utf8_lossy(&said).contains("1 passed"));
}
