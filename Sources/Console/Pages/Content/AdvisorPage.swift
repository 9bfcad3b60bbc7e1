import Basics
import DesiredState
import Diff
import Reconciler
import Store

/// What came of the advisor's rules, by pillar, and what convergence found.
enum AdvisorPage {
    /// So many findings are shown.
    private static let most = 100

    static func render(_ context: PageContext) async throws -> Page {
        let findings = try await context.store.findings()
        let hasLooked = try await context.hasLooked()
        let outlook = context.known.outlook
        let answers = outlook?.advice ?? []
        let pillars = Dictionary(grouping: answers) { $0.rule.pillar }
        return Page(
            .advisor,
            lead:
                "The rules of the packs by pillar, held against what the last pass of this service saw. Packs hold no condition "
                + "for programs but thresholds and lists: what a rule asks is a text, and unknown where it can't be told."
        ) {
            if answers.isEmpty {
                div("card") {
                    empty(
                        outlook == nil ? "Rules are known after a pass" : "No rule pack",
                        "Rule packs stand below advisor/ of a root.",
                        icon: .bulb, next: "reconcile validate")
                }
            } else {
                tiles(answers, context)
            }
            if let lost = outlook?.unreadAdvice, !lost.isEmpty {
                banner(.warn, "What stands in these documents can't be read, and is not here", icon: .warning) {
                    p(lost.joined(separator: ", "))
                }
            }
            for (pillar, answers) in pillars.sorted(by: { $0.key.precedesByBytes($1.key) }) {
                rules(of: pillar, answers)
            }
            if let advisor = outlook?.desired.advisor, !advisor.rubrics.isEmpty || !advisor.workbooks.isEmpty {
                worked(advisor)
            }
            converged(findings, hasLooked: hasLooked, context)
        }
    }

    private static func tiles(_ answers: [AdvisorAnswer], _ context: PageContext) -> HTML {
        func count(_ verdict: AdvisorAnswer.Verdict) -> Int { answers.count { $0.verdict == verdict } }
        return div("tiles") {
            tile("Pass", "\(count(.pass))", count(.pass) > 0 ? .ok : nil)
            tile("Fail", "\(count(.fail))", count(.fail) > 0 ? .bad : nil)
            tile("Unknown", "\(count(.unknown))", count(.unknown) > 0 ? .warn : nil)
            tile(
                "Evaluated", context.known.learnedAt.map { TimeText.relative($0, context.now) } ?? "–",
                note: "at revision \((context.known.outlook?.desired.revision ?? "").prefix(10))")
        }
    }

    /// The rules of one pillar: what fails first, then what nobody knows.
    private static func rules(of pillar: String, _ answers: [AdvisorAnswer]) -> HTML {
        let ranked = answers.enumerated().sorted { a, b in
            (rank(a.element), a.offset) < (rank(b.element), b.offset)
        }
        let failed = answers.count { $0.verdict == .fail }
        let aside = answers.count.of("rule") + (failed > 0 ? ", \(failed) not kept" : "")
        return card(pillar, aside: HTML(aside), flush: true) {
            ranked.reduce(
                into: Grid("Rules of \(pillar)", "Rule", "Verdict", "Why", "Severity", "What has to hold", "Mended by")
            ) { grid, one in
                let rule = one.element.rule
                grid.add(
                    markup {
                        strong(rule.title)
                        span("sub", rule.id)
                    }, verdict(one.element.verdict), HTML(one.element.why), label(rule.severity.rawValue),
                    HTML(rule.check), HTML(rule.workbook ?? "–"))
            }.html
        }
    }

    private static func verdict(_ word: AdvisorAnswer.Verdict) -> HTML {
        switch word {
        case .pass: chip(.ok, "pass")
        case .fail: chip(.bad, "fail")
        case .unknown: chip(.warn, "unknown")
        }
    }

    private static func rank(_ answer: AdvisorAnswer) -> Int {
        let severity = AdvisorRule.Severity.allCases.firstIndex(of: answer.rule.severity) ?? 0
        switch answer.verdict {
        case .fail: return severity
        case .unknown: return 100 + severity
        case .pass: return 200 + severity
        }
    }

    /// What nothing evaluates: people score the one and work through the other.
    private static func worked(_ advisor: Advisor) -> HTML {
        card("Scales and workbooks", aside: HTML("scored and worked through by people"), flush: true) {
            var grid = Grid("Scales and workbooks", "Name", "Pillar", "What it is")
            for one in advisor.rubrics {
                grid.add(
                    strong(one.id), HTML(one.pillar),
                    HTML("a scale with \(one.dimensions.count.of("dimension")) that people score"))
            }
            for one in advisor.workbooks {
                grid.add(strong(one.id), HTML(one.pillar), HTML("a workbook with \(one.steps.count.of("step"))"))
            }
            return grid.html
        }
    }

    private static func converged(_ findings: [FindingRecord], hasLooked: Bool, _ context: PageContext) -> HTML {
        card("Findings of convergence", aside: HTML(findings.count.of("finding")), flush: true) {
            if findings.isEmpty, !hasLooked {
                unlooked("What the SSOT requires is held against what providers show.", icon: .bulb)
            } else if findings.isEmpty {
                empty(
                    "Nothing found", "What the SSOT requires is there, as far as somebody could look.", icon: .ok,
                    next: "reconcile drift")
            } else {
                findings.prefix(most).reduce(into: Grid("Findings", "Environment", "What", "Key", "Since", "Next")) {
                    grid, one in
                    let tone: Tone = one.status == .escalated ? .bad : one.status == .open ? .warn : .idle
                    grid.add(
                        one.identity.ownEnvironment.map { HTML($0) } ?? Words.environment(nil),
                        markup {
                            chip(tone, one.status.rawValue)
                            span("sub", one.identity.kind)
                        }, span("key", one.identity.key), ago(one.firstSeen, context.now),
                        one.suggestedAction.map { code($0) } ?? HTML("–"))
                }.html
                if findings.count > most {
                    div("body") { p("\(most) of \(findings.count) shown: odooops alerts list --all", "soft") }
                }
            }
        }
    }
}
