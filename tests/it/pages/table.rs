//! A dataset as a table.

use super::{has, lacks};
use crate::server::Server;

fn flights() -> Server {
    let server = Server::start();
    server.store(
        "flights",
        "dest,delay,day,late,note\nLAX,5,2026-01-01,true,\nSFO,-3,2026-01-02,false,a;b\nLAX,40,2026-01-03,true,x\n",
    );
    server
}

/// What the first link with that text leads to.
#[track_caller]
fn link(page: &str, text: &str) -> String {
    let end = page
        .find(&format!(">{text}</a>"))
        .unwrap_or_else(|| panic!("no link {text} in {page}"));
    let (_, href) = page[..end].rsplit_once("href=\"").unwrap();
    href.split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&#34;", "\"")
}

/// The rows of a page, and what is below them.
#[track_caller]
fn body(page: &str) -> &str {
    page.split("<tbody>").nth(1).unwrap()
}

#[test]
fn it_shows_rows_names_types_and_nulls() {
    let page = flights().page("/explore/flights").html();
    has(
        &page,
        &[
            "<h1>flights</h1>",
            "3 rows",
            "5 columns",
            "revision 1",
            "<small>integer</small>",
            "<small>boolean</small>",
            "<td>LAX</td><td class=\"r\">5</td><td>2026-01-01</td><td class=\"r\">true</td><td><i>null</i></td>",
            "aria-label=\"Row 3\"",
        ],
    );
}

#[test]
fn a_click_on_a_name_sorts_up_then_down_then_not() {
    let server = flights();
    let page = server.page("/explore/flights").html();
    lacks(&page, &["aria-sort"]);
    let up = link(&page, "delay");
    assert_eq!(up, "/explore/flights?order=delay");
    let page = server.page(&up).html();
    has(
        &page,
        &[
            "<th scope=\"col\" aria-sort=\"ascending\"><a href=\"/explore/flights?order=delay.desc\">delay</a>",
        ],
    );
    let first = body(&page);
    assert!(first.find("SFO") < first.find("LAX"));
    let page = server.page("/explore/flights?order=delay.desc").html();
    has(&page, &["aria-sort=\"descending\""]);
    assert_eq!(link(&page, "delay"), "/explore/flights");
}

#[test]
fn filters_offer_the_most_frequent_values() {
    let server = flights();
    let long = "x".repeat(100);
    server.replace(
        "flights",
        format!("dest,late,note\nLAX,true,\"<b>\"\nSFO,false,{long}\nLAX,true,\n"),
    );
    let page = server.page("/explore/flights").html();
    let offered = "list=\"values-1\"><datalist id=\"values-1\"><option value=\"LAX\"><option value=\"SFO\"></datalist>";
    let escaped = "<datalist id=\"values-3\"><option value=\"&#60;b&#62;\"></datalist>";
    has(&page, &[offered, escaped]);
    // Those of a boolean are its operators.
    lacks(&page, &["values-2"]);
}

#[test]
fn the_form_of_filters_leads_to_a_query_of_the_api() {
    let server = flights();
    let form = "/explore/flights/view?view=order%3Ddelay&o.dest=eq&v.dest=LAX&o.delay=gte&v.delay=10&o.day=eq&v.day=&o.late=is.true&v.late=";
    let answer = server.page(form);
    assert_eq!(answer.status, 303);
    let view = answer.header("Location").to_owned();
    assert_eq!(
        view,
        "/explore/flights?order=delay&dest=eq.LAX&delay=gte.10&late=is.true"
    );
    let page = server.page(&view).html();
    has(body(&page), &["<td class=\"r\">40</td>", "1 row"]);
    lacks(body(&page), &["<td class=\"r\">5</td>"]);
    // Each filter is said, can be taken away, and stands in the form again.
    has(
        &page,
        &[
            "<b>dest</b> = LAX",
            "<b>delay</b> ≥ 10",
            "<b>late</b> is true",
            "value=\"LAX\" aria-label=\"Value for dest\"",
            "<option value=\"gte\" selected>≥</option>",
            "href=\"/explore/flights?order=delay&#38;delay=gte.10&#38;late=is.true\"",
            "name=\"view\" value=\"order=delay\"",
        ],
    );
}

#[test]
fn operators_are_those_of_the_column_type() {
    let page = flights().page("/explore/flights").html();
    let of = |column: &str| {
        let form = page
            .split(&format!("aria-label=\"Operator for {column}\">"))
            .nth(1)
            .unwrap();
        form.split("</select>").next().unwrap().to_owned()
    };
    has(&of("dest"), &["contains", "begins with", ">=<"]);
    lacks(&of("dest"), &["≥", "is null"]);
    has(&of("delay"), &["≥", "is one of"]);
    lacks(&of("delay"), &["contains"]);
    has(&of("late"), &["is true", "is false"]);
    lacks(&of("late"), &["≥"]);
    has(&of("note"), &["is null", "is not null"]);
}

#[test]
fn bars_of_the_summary_are_links_that_filter() {
    let server = flights();
    let page = server.page("/explore/flights").html();
    has(
        &page,
        &[
            "href=\"?dest=eq.LAX\" title=\"LAX: 2 rows\">LAX</a>",
            "href=\"?late=is.true\" title=\"true: 2 rows\"",
            "2 distinct",
            "1 null",
        ],
    );
    let page = server
        .page("/explore/flights?dest=eq.LAX&delay=gt.1")
        .html();
    // A bar replaces the filter of its own column and keeps the others.
    has(&page, &["href=\"?delay=gt.1&#38;dest=eq.SFO\""]);
    let csv: String = (0..1000).map(|number| format!("{number}\n")).collect();
    server.store("numbers", format!("n\n{csv}"));
    let page = server.page("/explore/numbers").html();
    let bars: Vec<&str> = page
        .split("title=\"")
        .map(|part| part.split('"').next().unwrap())
        .filter(|title| title.contains(" to ") && title.ends_with(" rows"))
        .collect();
    assert_eq!(bars.len(), 10, "{bars:?}");
    let first = page.split("class=\"histogram\"").nth(1).unwrap();
    let href = first
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    let filtered = server.page(&format!("/explore/numbers{href}")).html();
    has(&filtered, &["<b>n</b> ≥ ", "<b>n</b> &#60; "]);
}

#[test]
fn columns_are_chosen_by_a_form() {
    let server = flights();
    let answer = server.page("/explore/flights/view?view=&all=5&c=dest&c=late");
    assert_eq!(
        answer.header("Location"),
        "/explore/flights?select=dest,late"
    );
    let page = server.page("/explore/flights?select=dest,late").html();
    has(
        &page,
        &[
            "Operator for dest",
            "value=\"late\" checked",
            "value=\"delay\"> delay",
            "2 of 5",
        ],
    );
    lacks(&page, &["Operator for delay"]);
    let all = server
        .page("/explore/flights/view?view=select%3Ddest&all=5&c=dest&c=delay&c=day&c=late&c=note");
    assert_eq!(all.header("Location"), "/explore/flights");
}

#[test]
fn pages_follow_by_cursor_and_stay_at_their_revision() {
    let server = Server::start();
    let csv: String = (0..250).map(|number| format!("row-{number}\n")).collect();
    server.store("long", format!("name\n{csv}"));
    let page = server.page("/explore/long").html();
    has(body(&page), &["row-99<", "Rows 1 to 100 of 250"]);
    lacks(body(&page), &["row-100<", ">First page</a>"]);
    let next = link(&page, "Next page");
    server.store_again("long");
    let page = server.page(&next).html();
    has(&page, &["row-100<", "row-199<", "This is revision 1."]);
    let last = server.page(&link(&page, "Next page")).html();
    has(&last, &["row-249<"]);
    lacks(&last, &[">Next page</a>"]);
}

impl Server {
    fn store_again(&self, name: &str) {
        self.put(&format!("/datasets/{name}"))
            .v2()
            .csv("name\nnew\n")
            .send()
            .ok();
    }
}

#[test]
fn hostile_names_and_cells_are_only_text() {
    let server = Server::start();
    let evil = "</td><script>alert(1)</script>";
    server.store(
        "evil",
        format!("\"<img src=x onerror=alert(1)>\",\"a\"\"b'&\",\"select\",\"=1+1\"\n{evil},\"\"\" onclick=x\",1,javascript:alert(1)\n"),
    );
    let page = server.page("/explore/evil").html();
    lacks(&page, &["<img", "<script>", "\" onclick"]);
    has(
        &page,
        &[
            "&#60;script&#62;alert(1)&#60;/script&#62;",
            "&#60;img src=x onerror=alert(1)&#62;",
        ],
    );
    assert_eq!(page.matches("<script").count(), 1);
    // Its links work.
    for column in [
        "&#60;img src=x onerror=alert(1)&#62;",
        "a&#34;b&#39;&#38;",
        "select",
        "=1+1",
    ] {
        let sorted = server.page(&link(&page, column)).html();
        has(&sorted, &["aria-sort=\"ascending\""]);
    }
    let filtered = server.page("/explore/evil/view?view=&o.select=eq&v.select=1");
    assert_eq!(
        filtered.header("Location"),
        "/explore/evil?where.select=eq.1"
    );
    has(
        &server.page("/explore/evil?where.select=eq.1").html(),
        &["<b>select</b> = 1"],
    );
}

#[test]
fn long_texts_are_cut_and_many_of_them_make_a_shorter_page() {
    let server = Server::start();
    let long = "x".repeat(20_000);
    let rows: String = (0..100)
        .map(|number| format!("{number},{long}\n"))
        .collect();
    server.store("texts", format!("id,text\n{rows}"));
    let page = server.page("/explore/texts").html();
    assert!(page.len() < 100_000, "{}", page.len());
    has(&page, &["class=\"cut\"", "Next page"]);
    let huge = "y".repeat(700_000);
    server.store("huge", format!("id,text\n1,{huge}\n"));
    let page = server.page("/explore/huge");
    assert_eq!(page.status, 500);
    has(&page.text(), &["too long for a page"]);
    has(&server.page("/explore/huge?select=id").html(), &["Row 1"]);
}

#[test]
fn of_very_many_columns_the_first_are_shown_and_all_can_be_chosen() {
    let server = Server::start();
    let names: Vec<String> = (0..500).map(|number| format!("c{number}")).collect();
    let row = vec!["1"; 500].join(",");
    server.store("wide", format!("{}\n{row}\n", names.join(",")));
    let page = server.page("/explore/wide").html();
    has(
        &page,
        &[
            "500 columns",
            "20 of 500 columns are shown",
            "value=\"c499\"",
            "Operator for c19",
        ],
    );
    lacks(&page, &["Operator for c20"]);
    // What programs are told is what was asked.
    has(&page, &["rows?select=c0,c1,"]);
    has(
        &server.page("/explore/wide?select=c499").html(),
        &["Operator for c499"],
    );
}

#[test]
fn a_page_of_flights_fits_the_first_packets() {
    let server = Server::start();
    let header = "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour";
    let rows: String = (0..2000_u64)
        .map(|n| {
            let m = |k: u64, of: u64| (n * 2_654_435_761 + k * 40_503) / 7 % of;
            format!(
                "2013,{},{},{},{},{},{},{},{},{},{},N{},{},{},{},{},{},{},2013-{:02}-{:02}T{:02}:00:00Z\n",
                m(1, 12) + 1, m(2, 28) + 1, m(3, 2400), m(4, 2400), m(5, 200), m(6, 2400), m(7, 2400), m(8, 200),
                ["UA", "AA", "B6", "DL"][(m(9, 4)) as usize], m(10, 5000), m(11, 900) + 100,
                ["EWR", "LGA", "JFK"][m(12, 3) as usize], ["LAX", "IAH", "MIA", "BQN", "ATL"][m(13, 5) as usize],
                m(14, 400), m(15, 3000), m(16, 24), m(17, 60), m(1, 12) + 1, m(2, 28) + 1, m(16, 24)
            )
        })
        .collect();
    server.store("flights", format!("{header}\n{rows}"));
    for coding in ["br", "zstd", "gzip"] {
        let page = server
            .browse("/explore/flights")
            .header("Accept-Encoding", coding)
            .send()
            .ok();
        assert!(page.body.len() < 14 << 10, "{coding}: {}", page.body.len());
    }
}

#[test]
fn the_code_to_take_along_gets_just_these_rows() {
    let server = flights();
    let page = server
        .page("/explore/flights?dest=eq.LAX&order=delay.desc")
        .html();
    let url = format!(
        "http://{}/datasets/flights/rows?dest=eq.LAX&#38;order=delay.desc",
        server.address
    );
    has(
        &page,
        &[
            &format!("curl -H &#39;Accept: application/vnd.flash.v2+json&#39; &#39;{url}&#39;"),
            &format!("{url}&#38;version=v2&#38;format=csv"),
            "Copy curl",
            "IMPORTDATA",
            "safe=spreadsheet",
            "read.csv(",
            "await fetch(",
        ],
    );
    // The headers are those that the API sends for this request.
    let api = server
        .get("/datasets/flights/rows?dest=eq.LAX&order=delay.desc")
        .v2()
        .send()
        .ok();
    has(
        &page,
        &["GET /datasets/flights/rows?dest=eq.LAX&#38;order=delay.desc"],
    );
    for name in ["API-Version", "API-Version-Source", "Content-Type", "Vary"] {
        let line = format!("{}: {}", name.to_lowercase(), api.header(name));
        has(&page, &[&line]);
    }
    let tag = api.header("ETag").replace('"', "&#34;");
    has(&page, &[&format!("etag: {tag}")]);
}

#[test]
fn an_error_of_the_api_is_the_page_s() {
    let server = flights();
    for (path, status, words) in [
        ("/explore/flights?nothing=eq.1", 400, "nothing"),
        ("/explore/flights?delay=eq.x", 400, "delay"),
        ("/explore/flights?revision=9", 404, "9"),
        ("/explore/flights?cursor=zzz", 400, "cursor"),
        ("/explore/Flights", 404, "Flights"),
        ("/explore/none", 404, "none"),
    ] {
        let page = server.page(path);
        assert_eq!(page.status, status, "{path}");
        has(&page.text(), &[words, "role=\"alert\""]);
    }
}

#[test]
fn code_to_take_along_has_no_host_that_could_end_a_quotation() {
    let server = flights();
    for (host, shown) in [
        ("a.localhost:3000", "http://a.localhost:3000/datasets"),
        ("a'b.localhost", "http://localhost:3000/datasets"),
        ("$(b).localhost", "http://localhost:3000/datasets"),
    ] {
        let request =
            format!("GET /explore/flights HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let page = crate::client::exchange(server.address, &request);
        has(&page, &["200 OK", shown]);
        lacks(&page, &["$(b)", "a&#39;b"]);
    }
}

#[test]
fn a_long_query_does_not_make_a_page_of_countless_bytes() {
    let server = Server::start();
    let names: Vec<String> = (0..300).map(|number| format!("column-{number}")).collect();
    let row = vec!["7"; 300].join(",");
    let rows = vec![row; 200].join("\n");
    server.store("wide", format!("{}\n{rows}\n", names.join(",")));
    let select = names.join(",");
    let page = server
        .page(&format!("/explore/wide?select={select}&limit=200"))
        .html();
    assert!(page.len() < 6 << 20, "{}", page.len());
    has(&page, &["Operator for column-299"]);
    lacks(&page, &["class=\"frequent\""]);
    let filters = vec!["column-1=eq.7"; 4000].join("&");
    let page = server.page(&format!("/explore/wide?{filters}")).html();
    assert!(page.len() < 6 << 20, "{}", page.len());
    has(
        &page,
        &["and 3984 more", "href=\"/explore/wide\">Remove all"],
    );
    let all = server.page("/explore/wide?limit=9999").html();
    has(&all, &["200 rows"]);
}

#[test]
fn a_name_of_many_bytes_is_shown_by_its_beginning_and_repeated_nowhere() {
    let server = Server::start();
    let name = "\u{fc}&".repeat(5_000);
    server.store("long", format!("id,{name}\n1,2\n"));
    let page = server.page("/explore/long").html();
    assert!(page.len() < 120_000, "{}", page.len());
    has(&page, &["…</span>", "Operator for id"]);
}
