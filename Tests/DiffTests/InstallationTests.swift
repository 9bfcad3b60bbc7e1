import Basics
import DesiredState
import Diff
import Formats
import Testing

/// Two installations on one account: what the mark of another names is neither taken over nor let go.
@Suite("Marks that name an installation")
struct InstallationTests {
    typealias W = Worlds

    private static let schema = KindSchema(
        kind: .droplet, attributes: [AttributeRule("region"), AttributeRule("tags", .contains)], isStateful: true,
        carriesMark: true, installationMark: InstallationMark("tags", prefix: "odooops:by:"), requests: { _, _ in 1 })

    private static func seen(_ by: [String]) -> ObservedResource {
        let marks = ["odooops:managed"] + by.map { "odooops:by:\($0)" }
        return W.seen(.droplet, "web", [("region", "sgp1"), ("tags", .strings(marks))], owned: true)
    }

    private static func plan(_ input: PlanInput, as installation: String?) -> [String] {
        var input = input
        input.schemas[.droplet] = schema
        input.installation = installation
        return makePlan(input).changes.map { "\($0.action.rawValue) \($0.verdict.rawValue)" }
    }

    @Test(
        "Only what names nobody, or us, is taken over; what nothing wants of another is nothing to us",
        arguments: [
            ([], nil, "adopt allowed", "delete needs_approval"), ([], "emea", "adopt allowed", "delete needs_approval"),
            (["emea"], "emea", "adopt allowed", "delete needs_approval"), (["emea"], nil, "adopt blocked", ""),
            (["emea"], "apac", "adopt blocked", ""),
            (["apac", "emea"], "emea", "adopt allowed", "delete needs_approval"),
        ] as [([String], String?, String, String)])
    func marks(by: [String], ours: String?, wanted: String, unwanted: String) {
        let there = Self.seen(by)
        let wish = W.want(.droplet, "web", [("region", "sgp1")])
        #expect(Self.plan(W.input([wish], [there]), as: ours) == [wanted])
        let gone = Self.plan(W.input([], [there], environments: [W.environment("a")]), as: ours)
        #expect(gone == (unwanted.isEmpty ? [] : [unwanted]))
        // Under a name that we remember of another object the same holds.
        let other = W.ours(.droplet, "web", [("region", "sgp1")], id: "earlier")
        let replaced = Self.plan(W.input([], [there], [other], environments: [W.environment("a")]), as: ours)
        #expect(replaced == [unwanted.isEmpty ? "forget allowed" : unwanted])
    }
}
