#![allow(clippy::unwrap_used)]
use super::*;

const HEAD: &str = "discrepancy_id,decision,decided_by,reason\n";

fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// What a file comes to: a line per decision, then a line per problem, then how many rows are undecided.
fn told(text: &[u8]) -> String {
    let sheet = match read(text, plain) {
        Ok(sheet) => sheet,
        Err(error) => return error.to_string(),
    };
    let mut lines = Vec::new();
    for Handed { line, decision, .. } in &sheet.handed {
        let Decision { discrepancy_id, kind, decided_by, approved_by, assigned_to, reason } = decision;
        lines.push(format!("{line} {discrepancy_id} {kind} {decided_by}/{approved_by}/{assigned_to} {reason:?}"));
    }
    lines.extend(sheet.problems.iter().map(ToString::to_string));
    lines.push(format!("{} undecided", sheet.undecided));
    lines.join("\n")
}

#[test]
fn files_of_all_sorts_are_read() {
    for (text, expected) in [
        ("discrepancy_id,decision,decided_by,reason\nD-1,accept,anna,ok\n", "2 D-1 accept anna// \"ok\"\n0 undecided"),
        // A byte order mark, CRLF, another order, capitals, blanks, further columns, a row that nobody decided.
        (
            "\u{feff}Reason , decision,x,discrepancy_id,decided_by,approved_by\r\n\"two\r\nlines\",Write-Off,,D-1, anna ,bob\r\n,,,D-2,,\r\nwhy,REOPEN,,D-3,c,\r\n",
            "2 D-1 write_off anna/bob/ \"two\\r\\nlines\"\n5 D-3 reopen c// \"why\"\n1 undecided",
        ),
        // Semicolons; a comma in a reason; cells that were dropped and cells that were added at the end.
        (
            "discrepancy_id;decision;decided_by;reason;assigned_to\r\n\r\nD-1;assign;anna;;bob;;;\r\nD-2;comment;anna;a, b\r\n;;;;\r\n",
            "3 D-1 assign anna//bob \"\"\n4 D-2 comment anna// \"a, b\"\n1 undecided",
        ),
        // What an output put before a formula is taken off again.
        (
            "discrepancy_id\tdecision\tdecided_by\treason\nD-1\tcomment\ta\t'=1+1\n",
            "2 D-1 comment a// \"=1+1\"\n0 undecided",
        ),
    ] {
        assert_eq!(told(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let head = "discrepancy_id,decision,decided_by,reason\n";
    for (row, expected) in [
        ("D-1,aprove,anna,ok", "`decision` is `aprove`; expected accept, write_off, reopen, assign or comment"),
        (",accept,anna,ok", "`discrepancy_id` is empty; expected the id of the row decided on"),
        ("D-1,accept, ,ok", "`decided_by` is empty; expected who decided"),
        ("D-1,accept,anna,", "`reason` is empty; expected why, which accept demands"),
        ("D-1,reopen,anna,", "`reason` is empty; expected why, which reopen demands"),
        ("D-1,assign,anna,", "`assigned_to` is empty, and so is `reason`; expected who looks after it"),
        (
            "D-1,accept,anna,this, that",
            "it has 5 cells, the header has 4 (` that` is too many); put a text with a separator into quotes",
        ),
    ] {
        assert_eq!(told(format!("{head}{row}\n").as_bytes()), format!("line 2: {expected}\n0 undecided"), "{row}");
    }
    let latin = [head.as_bytes(), b"D-1,accept,J\xfcrgen,ok\n"].concat();
    assert!(told(&latin).contains("is not in UTF-8; save the file as CSV in UTF-8"), "{}", told(&latin));
}

#[test]
fn files_that_are_no_decisions_are_refused() {
    for (text, expected) in [
        ("", "the header lacks `discrepancy_id`"),
        ("discrepancy_id,decision,reason\n", "the header lacks `decided_by`"),
        ("discrepancy_id,decision,decided_by,reason,decision\n", "the header has `decision` twice"),
    ] {
        assert!(told(text.as_bytes()).starts_with(expected), "{}", told(text.as_bytes()));
    }
}

#[test]
fn a_quote_that_swallows_rows_refuses_the_file() {
    for (rows, expected) in [
        ("D-1,accept,anna,\"known\"\r\nD-2,accept,anna,x", None),
        ("D-1,accept,anna,\"two\nlines, \"\"quoted\"\"\"\n", None),
        ("D-1,accept,anna,a \"word\" in it\n", None),
        ("D-1,accept,anna,x\n\"D-2,accept,anna,x\nD-3,accept,anna,x\n", Some(3)),
        ("D-1,accept,anna,\"a\nb\"\nD-2,accept,anna,\"x\nD-3,accept,anna,\"y\"\n", Some(4)),
        ("D-1,accept,anna,\"x\" y\n", Some(2)),
    ] {
        let read = read(format!("{HEAD}{rows}").as_bytes(), |text| text);
        assert_eq!(read.err(), expected.map(FileError::Quotes), "{rows}");
    }
    assert_eq!(flaw(b"a;b\n\"1;2\";x\n", b';'), None);
}

/// Taken for the end of a row, it would give rows that begin in no line; taken for text, it would hide a quote behind it.
#[test]
fn a_carriage_return_that_stands_alone_is_no_line_end() {
    for (rows, expected) in [
        ("D-1,accept,anna,ok\r\nD-2,accept,anna,\"a\rb\"\r\n", None),
        ("D-1,accept,anna,ok\r", None),
        ("D-1,accept,anna,\"ok\"\r", None),
        ("D-1,accept,anna,ok\rD-2,accept,anna,ok\r", Some(2)),
        ("D-1,accept,anna,ok\r\n\"D-2\",accept,anna,\"o\nk\"\r\"D-3,accept,anna,ok\r", Some(4)),
    ] {
        let read = read(format!("{HEAD}{rows}").as_bytes(), |text| text);
        assert_eq!(read.err(), expected.map(FileError::LineEnd), "{rows:?}");
    }
}

#[test]
fn a_file_of_another_format_is_told_by_its_first_bytes() {
    for (bytes, format) in [(&b"PK\x03\x04rest"[..], "a workbook"), (b"\xff\xfed\0i\0", "text in UTF-16")] {
        assert_eq!(read(bytes, |text| text).err(), Some(FileError::OtherFormat(format)));
    }
}
