"""One run: its findings and their steps, the evidence, the lists below, paper."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect
from views import DEEP, go, leading, ready


def test_each_finding_is_a_band_over_its_steps(page, server, deep):
    go(page, server, run=DEEP)
    fired = [verdict for verdict in deep["verdicts"] if verdict["status"] == "fires"]
    bands = page.locator("[data-band]")
    assert bands.evaluate_all("buttons => buttons.map(button => button.dataset.band)") == [v["rule"] for v in fired]
    for verdict in fired:
        track = page.locator(f"[data-band={verdict['rule']}] .track").bounding_box()
        band = page.locator(f"[data-band={verdict['rule']}] .band").bounding_box()
        seen = verdict["evaluated"] or verdict["first_step"]
        first = 0 if seen <= 1 else seen / deep["last_step"]
        assert abs((band["x"] - track["x"]) / track["width"] - first) < 0.01


def test_a_click_on_a_finding_moves_every_chart_and_the_address_and_a_reload_keeps_it(page, server):
    detail = server.get_json("data/plugin/nndiag/run?run=rate_too_high")
    verdict = next(v for v in detail["verdicts"] if v["charts"])
    go(page, server, run="rate_too_high")
    page.locator(f"[data-band={verdict['rule']}]").click()
    expect(page.locator(f"[data-verdict={verdict['rule']}].selected")).to_have_count(1)
    assert f"p.nndiag.verdict={verdict['rule']}" in page.url
    page.reload()
    ready(page, "run")
    expect(page.locator(f"[data-verdict={verdict['rule']}].selected")).to_have_count(1)
    page.locator(f"[data-band={verdict['rule']}]").click()
    expect(page.locator(".selected")).to_have_count(0)
    assert "verdict" not in page.url


def test_a_step_in_the_evidence_leads_every_chart_there(page, server, deep):
    go(page, server, run=DEEP)
    piece = leading(deep)["evidence"][0]
    page.locator(f"[data-verdict={leading(deep)['rule']}] .evidence button").first.click()
    assert f"p.nndiag.step={piece['step']}" in page.url
    assert f"p.nndiag.layer={piece['where']}" in page.url
    expect(page.locator("[data-chart=gradients] .ramp select").first).to_have_value(piece["where"])


def test_the_evidence_says_on_which_side_of_its_limit_a_value_is(page, server, deep):
    go(page, server, run=DEEP)
    for piece, row in zip(leading(deep)["evidence"], page.locator(f"article[data-verdict={leading(deep)['rule']}] .words .evidence tbody tr").all(), strict=True):
        expect(row.locator("td").last).to_have_text(f"{'above' if piece['value'] > piece['limit'] else 'below'} {piece['limit_text']}")


def test_rules_that_nobody_asked_are_listed_apart_from_those_that_could_not_look(page, server):
    detail = server.get_json("data/plugin/nndiag/run?run=healthy_dense")
    unknown = {v["rule"] for v in detail["verdicts"] if v["status"] == "unknown"}
    assert unknown > set(detail["optional"]) > set()
    go(page, server, run="healthy_dense")
    expect(page.locator(".healthy")).to_contain_text(f"{len(unknown) - len(detail['optional'])} could not look, {len(detail['optional'])} are optional")
    listed = page.locator("details.rules", has_text="Optional").locator("[data-rule]")
    assert set(listed.evaluate_all("rows => rows.map(row => row.dataset.rule)")) == set(detail["optional"])


def test_code_is_not_broken_inside_of_words(page, server, deep):
    detail = json.loads(json.dumps(deep))
    leading(detail)["fixes"][0]["code"] = "x = " + "long_" * 40 + "(" + ", ".join(f"argument_{i}=1" for i in range(40)) + ")"
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    broken = """code => {
      const text = code.firstChild, range = document.createRange();
      return [...text.data.matchAll(/\\S+/g)].filter(({0: word, index}) => {
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return new Set([...range.getClientRects()].map(({top}) => top)).size > 1;
      }).length;
    }"""
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator("article .fixes pre code").first.evaluate(broken) == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_printed_are_the_findings_with_their_charts_on_few_pages(page, server, deep):
    go(page, server, run=DEEP)
    paper = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 4
    page.emulate_media(media="print")
    expect(page.locator("article .words .headline").first).to_be_visible()
    expect(page.locator("article .beside [data-chart]").first).to_be_visible()
    expect(page.locator(".others")).to_be_hidden()
    expect(page.locator(".doubts").first).to_be_hidden()
    expect(page.locator(".printed")).to_contain_text("Not printed: the charts")
    go(page, server)
    expect(page.locator(".grid input").first).to_be_hidden()
    clipped = page.locator(".grid .headline").evaluate_all("lines => lines.filter(line => line.scrollHeight > line.clientHeight + 1).length")
    assert clipped == 0
    go(page, server, run="healthy_dense")
    expect(page.locator(".others [data-chart=loss]")).to_be_visible()  # there is nothing else to print
    expect(page.locator(".printed")).to_be_hidden()


def test_a_consequence_shows_its_own_charts_when_asked(page, server, deep):
    expect_none = page.locator("article > .body [data-show]")
    folded = next(v for v in deep["verdicts"] if v["explained_by"] and v["charts"])
    go(page, server, run=DEEP)
    page.locator(f"[data-band={folded['rule']}]").click()
    section = page.locator(f"section[data-verdict={folded['rule']}]")
    for chart in folded["charts"]:
        expect(section.locator(f"[data-chart={chart}] canvas").first).to_be_visible()
    section.locator("[data-show]").click()
    expect(section.locator("[data-chart]")).to_have_count(0)
    expect(expect_none).to_have_count(0)  # the charts of a leading finding are beside it anyway


def test_the_page_says_when_a_finding_is_wrong_and_how_to_ignore_it(page, server, deep):
    rule = leading(deep)["rule"]
    sections = {s["heading"]: s for r in server.get_json("data/plugin/nndiag/rules")["rules"] if r["rule"] == rule for s in r["sections"]}
    go(page, server, run=DEEP)
    doubts = page.locator(f"[data-verdict={rule}] .doubts")
    doubts.locator("summary").click()
    expect(doubts).to_contain_text(sections["When it is wrong"]["paragraphs"][0].replace("`", ""))
    expect(doubts).to_contain_text(f'{leading(deep)["code"]} = "the reason"')
    doubts.get_by_role("button", name="All about this rule").click()
    ready(page, "rule")
    expect(page.locator("main")).to_contain_text(sections["Source"]["paragraphs"][0].replace("`", ""))
    page.go_back()
    ready(page, "run")


def test_rules_that_could_not_look_name_the_line_that_lets_them(page, server):
    detail = server.get_json(f"data/plugin/nndiag/run?run={DEEP}")
    unknown = next(v for v in detail["verdicts"] if v["status"] == "clear")
    unknown |= {"status": "unknown", "reason": "not recorded: gap"}
    detail["enable"] = {unknown["rule"]: {"do": "Give `fit` validation rows.", "code": "model.fit(x, y, validation_data=(x_val, y_val))"}}
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    listed = page.locator("details.rules", has=page.locator(f"[data-rule={unknown['rule']}]"))
    listed.locator("summary").click()
    expect(listed).to_contain_text("not recorded: gap")
    expect(listed).to_contain_text("Give fit validation rows.")
    expect(listed).to_contain_text("validation_data=(x_val, y_val)")
