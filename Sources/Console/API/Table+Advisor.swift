import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler

/// The route about the advisor.
extension APIEndpoints {
    static func advisor(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/advisor", "listAdvice", "gates",
                "The rules of the advisor's packs by pillar, held against what the last pass of this service saw. What a rule asks "
                    + "is a text for people: it is unknown where what is observed can't tell.",
                needs: .read,
                parameters: [
                    APIParameter("verdict", choice(AdvisorAnswer.Verdict.self), "only what came to this"),
                    APIParameter("pillar", .line(least: 1, most: 128), "only of this pillar, such as reliability"),
                ],
                answer: .object([
                    .init(
                        "revision", Answer.textOrNull, "the commit whose rules these are; null: before its first pass"),
                    .init("summary", .map(.count), "how many rules have each verdict, whatever is asked for"),
                    .init("rules", Answer.many(Answer.advisorRule), "by pillar and id"),
                    .init(
                        "unread", Answer.texts, "documents of the advisor that can't be read: their rules are not here"),
                ])
            ) { call in
                let outlook = services.outlook()
                let answers = (outlook?.advice ?? []).sorted {
                    ($0.rule.pillar, $0.rule.id) < ($1.rule.pillar, $1.rule.id)
                }
                if let pillar = call.text("pillar"), outlook != nil {
                    let known = Set(answers.map(\.rule.pillar))
                    if !known.contains(pillar) { throw APIFault.noPillar(pillar, among: known) }
                }
                var summary = Value.Object()
                for verdict in AdvisorAnswer.Verdict.allCases {
                    summary[verdict.rawValue] = .int(Int64(answers.count { $0.verdict == verdict }))
                }
                let shown = answers.filter { one in
                    (call.text("verdict").map { one.verdict.rawValue == $0 } ?? true)
                        && (call.text("pillar").map { one.rule.pillar == $0 } ?? true)
                }
                return Envelope(
                    200,
                    [
                        "revision": .text(outlook?.desired.revision), "summary": .object(summary),
                        "rules": .list(shown.map(\.document)), "unread": .strings(outlook?.unreadAdvice ?? []),
                    ])
            }
        ]
    }
}

extension AdvisorAnswer {
    /// As JSON.
    fileprivate var document: Value {
        [
            "id": .string(rule.id), "pack": .string(rule.pack), "pillar": .string(rule.pillar),
            "severity": .string(rule.severity.rawValue), "title": .string(rule.title), "check": .string(rule.check),
            "verdict": .string(verdict.rawValue), "why": .string(why), "workbook": .text(rule.workbook),
            "source": .string(rule.source.description),
        ]
    }
}
