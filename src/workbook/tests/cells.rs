//! What cells become.

use super::*;

/// A row with its number and one cell after the other.
fn row(number: u32, cells: &[&str]) -> String {
    format!(r#"<row r="{number}">{}</row>"#, cells.concat())
}

/// A text inside of its cell.
fn inline(text: &str) -> String {
    format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#)
}

#[test]
fn every_type_of_cell_is_its_text() {
    let table = r#"
        <c><v>12.50</v></c>                                                        | 12.5
        <c t="n"><v>-3</v></c>                                                     | -3
        <c><v> 1234.5599999999999 </v></c>                                         | 1234.56
        <c><v>1.5E3</v></c>                                                        | 1500
        <c><v>2.5E-2</v></c>                                                       | 0.025
        <c><v>n/a</v></c>                                                          | n/a
        <c t="s"><v>0</v></c>                                                      | plain
        <c t="s"><v>1</v></c>                                                      | rich text
        <c t="s"><v>2</v></c>                                                      | 東京
        <c t="s"><v>3</v></c>                                                      | a&b <c> é😀
        <c t="s"><v>4</v></c>                                                      | trimmed
        <c t="s"><v>5</v></c>                                                      | "  kept, "
        <c t="s"><v>6</v></c>                                                      | one two _x000D_
        <c t="inlineStr"><is><t>in</t></is></c>                                    | in
        <c t="inlineStr"><is><r><rPr><b/></rPr><t>in</t></r><r><t>line</t></r></is></c> | inline
        <c t="inlineStr"><v>7</v><is><t>2022</t></is></c>                          | 2022
        <c t="str"><f>A1&amp;"x"</f><v>0012345678901234567890</v></c>              | 0012345678901234567890
        <c t="str"><v><![CDATA[<a>]]></v></c>                                      | <a>
        <c t="str"><v>say "x"</v></c>                                              | "say ""x"""
        <c t="str"><v>a&#10;b&#13;&#10;c&#xD;d</v></c>                             | a b c d
        <c t="str"><v>x<!-- not shown -->y</v></c>                                 | xy
        <c t="b"><v>1</v></c>                                                      | TRUE
        <c t="b"><v>0</v></c>                                                      | FALSE
        <c t="e"><v>#N/A</v></c>                                                   | #N/A
        <c t="d"><v>2022-10-24</v></c>                                             | 2022-10-24
        <c><f>SUM(B1)</f><v>7</v></c>                                              | 7
        <c s="9" cm="1"><v>7</v><extLst><ext><v>8</v></ext></extLst></c>           | 7
    "#;
    let strings = r#"
        <si><t>plain</t></si>
        <si><r><t xml:space="preserve">rich </t></r><r><rPr><b/></rPr><t>text</t></r></si>
        <si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>
        <si><t>a&amp;b &lt;c&gt; &#233;&#x1F600;</t></si>
        <si><t>
            trimmed </t></si>
        <si><t xml:space="preserve">  kept, </t></si>
        <si><t>one_x000D__x000A_two _x005F_x000D_</t></si>"#;
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (cell, expected) = line.rsplit_once(" | ").unwrap();
        let csv = Book::of(&row(1, &[&inline("h"), cell.trim()])).strings(strings).csv();
        assert_eq!(csv, format!("h,{expected}\n"), "`{cell}`");
    }
}

#[test]
fn rows_are_lines_and_cells_are_columns() {
    let header = row(1, &[&inline("a"), &inline("b"), &inline("c"), "<c><v/></c>"]);
    // The rest of a sheet after its header, and the lines that it becomes.
    let cases = [
        ("", ""),
        (r#"<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c><c r="C2"><v>3</v></c></row>"#, "1,2,3\n"),
        (r#"<row r="2"><c r="C2"><v>3</v></c></row>"#, ",,3\n"),
        (r#"<row r="2"><c r="A2"><v>1</v></c></row>"#, "1,,\n"),
        // References that are missing, all of them or some.
        ("<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>", "1,,3\n4,,\n"),
        (r#"<row r="2"><c r="B2"><v>2</v></c><c><v>3</v></c></row><row><c><v>4</v></c></row>"#, ",2,3\n4,,\n"),
        // More than the header has.
        (r#"<row r="2"><c r="A2"><v>1</v></c><c r="E2"><v>5</v></c></row>"#, "1,,,,5\n"),
        // Rows that are left out, or blank.
        (r#"<row r="4"><c><v>1</v></c></row><row r="7"><c><v>2</v></c></row>"#, "\n\n1,,\n\n\n2,,\n"),
        (r#"<row r="2"/><row r="3"><c s="1"/><c t="s"><v></v></c></row><row r="4"><c><v>1</v></c></row>"#, "\n\n1,,\n"),
        (r#"<row r="2"><c><v>1</v></c></row><row r="3"/><row r="900"><c s="1"/></row>"#, "1,,\n"),
        // The end stands alone.
        (r#"<row r="2"><c t="str"><v>&lt;END&gt;</v></c></row>"#, "<END>\n"),
        (r#"<row r="2"><c t="str"><v>&lt;END&gt;</v></c><c t="str"><v> </v></c><c s="1"/></row>"#, "<END>\n"),
        (r#"<row r="2"><c t="str"><v>&lt;END&gt;</v></c><c><v>1</v></c></row>"#, "<END>,1,\n"),
        (r#"<row r="2"><c r="B2" t="str"><v>&lt;END&gt;</v></c></row>"#, ",<END>,\n"),
    ];
    for (rows, expected) in cases {
        let (csv, converted) = Book::of(&format!("{header}{rows}")).read();
        assert_eq!(csv, format!("a,b,c\n{expected}"), "`{rows}`");
        assert_eq!(converted.rows, csv.lines().count() as u64, "`{rows}`");
        assert_eq!((converted.lossy, converted.ignored_sheets), (vec![], vec![]));
    }
    assert_eq!(Book::of("").csv(), "");
    assert_eq!(Book::of(r#"<row r="3"><c r="AA3"><v>1</v></c></row>"#).csv(), format!("\n\n{}1\n", ",".repeat(26)));
}

#[test]
fn numbers_with_formats_of_dates_are_dates() {
    let formats = ["0", "14", "22", "yyyy-mm-dd hh:mm:ss", "#,##0.00", "57", "46", "0 &quot;days&quot;"];
    let cases = [
        (0, "44858", "44858", "44858"),
        (1, "44858", "2022-10-24", "2026-10-25"),
        (2, "44858.5", "2022-10-24 12:00:00", "2026-10-25 12:00:00"),
        (3, "44858", "2022-10-24", "2026-10-25"),
        (3, "44858.75069444444", "2022-10-24 18:01:00", "2026-10-25 18:01:00"),
        (4, "44858.5", "44858.5", "44858.5"),
        (5, "44858", "2022-10-24", "2026-10-25"),
        (6, "0.5", "12:00:00", "1904-01-01 12:00:00"),
        (7, "44858", "44858", "44858"),
        (1, "-1", "-1", "-1"),
        (1, "1E9", "1000000000", "1000000000"),
        (99, "44858", "44858", "44858"),
    ];
    for (style, number, expected, from_1904) in cases {
        let rows = format!(r#"<row><c s="{style}"><v>{number}</v></c></row>"#);
        let mut book = Book::of(&rows).styles(&formats);
        assert_eq!(book.csv(), format!("{expected}\n"), "`{number}` in style {style}");
        book.properties = r#"<workbookPr date1904="1"/>"#;
        assert_eq!(book.csv(), format!("{from_1904}\n"), "`{number}` in style {style} from 1904");
    }
}

#[test]
fn numbers_that_lost_digits_are_told() {
    let rows = r#"<row r="1"><c t="str"><v>id</v></c><c t="str"><v>amount</v></c></row>
        <row r="2"><c><v>123456789012345</v></c><c><v>9999999999999.99</v></c></row>
        <row r="4"><c><v>2.0231010990108303E+27</v></c><c><v>1</v></c></row>
        <row r="5"><c><v>7</v></c><c r="B5"><v>12345678901234.561</v></c></row>"#;
    let (csv, converted) = Book::of(rows).read();
    let lost = |digits| format!("a number of {digits} digits that a workbook does not keep; ask for text or CSV");
    let expected = format!("id,amount\n123456789012345,9999999999999.99\n\n{},1\n7,{}\n", lost(28), lost(17));
    assert_eq!(csv, expected);
    let cell = |row, column, digits| LossyCell { row, column, loss: Loss::Digits(digits) };
    let cells = [cell(4, 0, 28), cell(5, 1, 17)];
    assert_eq!(converted.lossy, cells);
    assert_eq!(cells.map(|cell| cell.to_string()), ["A4", "B5"]);

    let error = Book::of(rows).convert(&Limits { lossy_cells: 1, ..Limits::FORMAT }).unwrap_err().to_string();
    assert!(
        error.starts_with("more than 1 cells are numbers of more than 15 digits")
            && error.ends_with(
                "; the first is A4, a number of 28 digits that a workbook does not keep; ask for text or CSV"
            ),
        "{error}"
    );
}

#[test]
fn formulas_without_a_saved_value_are_told() {
    let lost = "a formula whose value was not saved; ask for values or CSV";
    for (cell, expected) in [
        ("<c><f>0-1.5</f></c>", lost),
        ("<c><f>0-1.5</f><v/></c>", lost),
        ("<c><f>0-1.5</f><v> </v></c>", lost),
        (r#"<c><f t="shared" si="0"/></c>"#, lost),
        (r#"<c t="str"><f>A1</f></c>"#, lost),
        (r#"<c t="s"><f>A1</f><v></v></c>"#, lost),
        (r#"<c t="b"><f>A1=1</f></c>"#, lost),
        (r#"<c t="inlineStr"><f>A1</f></c>"#, lost),
        // A text that is empty was saved.
        (r#"<c t="str"><f>A1</f><v></v></c>"#, ""),
        (r#"<c t="str"><f>A1</f><v/></c>"#, ""),
        (r#"<c t="inlineStr"><f>A1</f><is><t/></is></c>"#, ""),
        ("<c><f>0-1.5</f><v>-1.5</v></c>", "-1.5"),
        ("<c><v>-1.5</v><f>0-1.5</f></c>", "-1.5"),
        ("<c><v/></c>", ""),
    ] {
        let rows = [row(1, &[&inline("a"), &inline("b")]), row(2, &[&inline("1"), cell])].concat();
        let (csv, converted) = Book::of(&rows).read();
        assert_eq!(csv, format!("a,b\n1,{expected}\n"), "`{cell}`");
        let cells = [LossyCell { row: 2, column: 1, loss: Loss::Formula }];
        assert_eq!(converted.lossy, if expected == lost { &cells[..] } else { &[] }, "`{cell}`");
    }
}

#[test]
fn strings_beyond_those_held_come_from_the_file() {
    // Of all lengths, the empty one and the longest included.
    let text = |number: usize| match number {
        2_000 => "é".repeat(32_767),
        _ if number % 7 == 3 => String::new(),
        _ => format!("{number}{}", "é€x".repeat(number % 70)),
    };
    let texts: Vec<String> = (0..3_000).map(text).collect();
    let strings: String = texts.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
    let count = texts.len();
    // In their order, against it, and all over the place; some again and again.
    let orders: [Box<dyn Fn(usize) -> usize>; 4] = [
        Box::new(|at| at),
        Box::new(move |at| count - 1 - at),
        Box::new(move |at| at * 1_009 % count),
        Box::new(|at| if at % 2 == 0 { 1 } else { at }),
    ];
    for order in orders {
        let cells =
            |at| format!(r#"<row><c t="inlineStr"><is><t>r</t></is></c><c t="s"><v>{}</v></c></row>"#, order(at));
        let head = format!("<row>{}{}</row>", inline("a"), inline("b"));
        let book = Book::of(&(head + &(0..count).map(cells).collect::<String>())).strings(&strings);
        let expected: String = (0..count).map(|at| format!("r,{}\n", texts[order(at)])).collect();
        for held_bytes in [0, 1, 5_000, 50_000, Limits::FORMAT.held_bytes] {
            let (csv, _) = book.convert(&Limits { held_bytes, ..Limits::FORMAT }).unwrap();
            assert!(csv == format!("a,b\n{expected}"), "{held_bytes} bytes held");
        }
    }
    let beyond = Book::of(&format!(r#"<row><c t="s"><v>{count}</v></c></row>"#)).strings(&strings);
    let refused = beyond.convert(&Limits { held_bytes: 0, ..Limits::FORMAT }).unwrap_err().to_string();
    assert_eq!(refused, "sheet `Report`, cell A1: found the shared string `3000`; expected one that exists");
}

#[test]
fn the_first_sheet_that_is_shown_is_read() {
    let value = |text: &str| format!("<row><c t=\"str\"><v>{text}</v></c></row>");
    let book = Book::new()
        .sheet("Settings", "hidden", &value("hidden"))
        .sheet("More settings", "veryHidden", &value("very hidden"))
        .sheet("Report &amp; more", "visible", &value("report"))
        .sheet("Notes", "visible", &value("notes"))
        .sheet("Secret notes", "hidden", &value("notes"))
        .sheet("Empty", "visible", "")
        .sheet("Formatted", "visible", r#"<row r="1"><c r="A1" s="1"/></row>"#);
    let (csv, converted) = book.read();
    assert_eq!(csv, "report\n");
    assert_eq!(converted.ignored_sheets, ["Notes"]);
}

#[test]
fn order_and_place_of_sheets_are_those_of_the_workbook() {
    let sheet =
        |text: &str| format!("<worksheet><sheetData><row><c t=\"str\"><v>{text}</v></c></row></sheetData></worksheet>");
    let mut book = Book::new()
        .related("r1", "chartsheet", "chartsheets/sheet1.xml", "<chartsheet/>")
        .related("r2", "worksheet", "worksheets/sheet1.xml", &sheet("second"))
        .related("r3", "worksheet", "/xl/Worksheets/../WORKSHEETS/sheet2.xml", "")
        .part("xl\\worksheets\\sheet2.xml", &sheet("first"));
    // The part that a test wrote under the target's own name is not one.
    book.parts.remove(2);
    book.sheets = r#"<sheet name="Chart" r:id="r1"/><sheet name="B" r:id="r3"/><sheet name="A" r:id="r2"/>"#.to_owned();
    let (csv, converted) = book.read();
    assert_eq!((csv.as_str(), converted.ignored_sheets), ("first\n", vec!["A".to_owned()]));
}

#[test]
fn names_may_have_prefixes_and_the_strict_namespace() {
    let strict = "http://purl.oclc.org/ooxml/officeDocument/relationships";
    let sheet = r#"<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:y="urn:y">
        <x:dimension ref="A1"/><x:sheetData><x:row r="1" y:r="7"><x:c r="B1" y:r="F1" t="s"><x:v>0</x:v></x:c>
        <x:c t="inlineStr"><x:is><x:t>z</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>"#;
    let bytes = zipped(
        [
            (
                "_rels/.rels",
                format!(r#"<p:Relationships xmlns:p="p"><p:Relationship Id="a" Type="{strict}/officeDocument" Target="/book.xml"/></p:Relationships>"#),
            ),
            (
                "book.xml",
                format!(r#"<x:workbook xmlns:x="x" xmlns:rel="{strict}"><x:sheets><x:sheet name="R" rel:id="b"/></x:sheets></x:workbook>"#),
            ),
            (
                "_rels/book.xml.rels",
                format!(
                    r#"<Relationships><Relationship Id="b" Type="{strict}/worksheet" Target="sheet.xml"/>
                    <Relationship Id="c" Type="{strict}/sharedStrings" Target="strings.xml"/></Relationships>"#
                ),
            ),
            ("sheet.xml", sheet.to_owned()),
            ("strings.xml", r#"<x:sst xmlns:x="x"><x:si><x:r><x:t>s</x:t></x:r></x:si></x:sst>"#.to_owned()),
        ]
        .iter()
        .map(|(name, xml)| (*name, xml.as_str())),
    );
    assert_eq!(convert_bytes(bytes, &Limits::FORMAT).unwrap().0, ",s,z\n");
}

#[test]
fn workbooks_that_were_streamed_are_read() {
    // Programs that write large workbooks know the sizes of a part after it only, and reserve eight bytes for them.
    let book = Book::of(r#"<row><c t="s"><v>0</v></c></row>"#).strings("<si><t>text</t></si>").bytes();
    let mut parts = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for at in 0..parts.len() {
        let mut part = parts.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        writer.start_file(name, SimpleFileOptions::default().large_file(true)).unwrap();
        std::io::copy(&mut part, &mut writer).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!((&bytes[..4], bytes[6] & 8), (&b"PK\x03\x04"[..], 8), "the sizes come after the part");
    assert_eq!(convert_bytes(bytes, &Limits::FORMAT).unwrap().0, "text\n");
}
