import Basics
import DesiredState
import Testing

/// Which branches bring environments about while an entry of `environments.yaml` can't be read, or a pattern matches nothing.
@Suite struct BranchClaimTests {
    private static let policies = "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\n"

    private static func reading(_ environments: String, _ policies: String = policies) -> DesiredState {
        read(
            [Paths.policies: policies, Paths.environments: environments],
            branches: branches("main", "feature/crm", "feature/payroll", "feature/x"))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        /// The environments that branches bring about.
        let made: [String]
        /// Whether new ones may be among them.
        var isOpen = true
        var scopes: [String] = ["environment payroll"]
        /// Which ones stay as they are, though no branch brings them about now.
        var kept: [String] = ["environment feature-payroll"]
    }

    private static func entry(_ lines: String...) -> String {
        "environments:\n  crm: {tier: dev, branch: feature/crm}\n  payroll:\n"
            + lines.map { "    \($0)\n" }.joined()
    }

    private static let cases = [
        Case(
            testDescription: "read well", text: entry("tier: dev", "branch: feature/payroll"), made: ["feature-x"],
            scopes: [], kept: []),
        Case(
            testDescription: "another fault", text: entry("tier: dve", "branch: feature/payroll"), made: ["feature-x"]),
        Case(
            testDescription: "another fault, and no branch", text: entry("tier: dve"),
            made: ["feature-payroll", "feature-x"], kept: []),
        Case(
            testDescription: "its key misspelt", text: entry("tier: dev", "brnch: feature/payroll"),
            made: ["feature-x"]),
        Case(
            testDescription: "its key misspelt, and its value too", text: entry("tier: dev", "brnch: feature/pyroll"),
            made: ["feature-payroll", "feature-x"], isOpen: false, kept: []),
        Case(
            testDescription: "twice", text: entry("tier: dev", "branch: feature/payroll", "branch: feature/x"),
            made: [], scopes: ["environments", "environment payroll"],
            kept: ["environment feature-payroll", "environment feature-x"]),
        Case(
            testDescription: "a list", text: entry("tier: dev", "branch: [feature/payroll]"), made: ["feature-x"]),
        Case(
            testDescription: "a list of what is no branch", text: entry("tier: dev", "branch: [payroll]"),
            made: ["feature-payroll", "feature-x"], isOpen: false, kept: []),
        Case(
            testDescription: "with a character that nobody sees",
            text: entry("tier: dev", "branch: \"feature/payroll\\u200b\""),
            made: ["feature-payroll", "feature-x"], isOpen: false, kept: []),
        Case(
            testDescription: "an entry that is no mapping",
            text: "environments:\n  crm: {tier: dev, branch: feature/crm}\n  payroll: dev\n",
            made: ["feature-payroll", "feature-x"], isOpen: false, scopes: ["environments", "environment payroll"],
            kept: []),
        Case(
            testDescription: "an entry that slid into another one",
            text:
                "environments:\n  crm:\n    tier: dev\n    branch: feature/crm\n    payroll:\n      tier: dev\n      branch: feature/payroll\n",
            made: ["feature-x"], scopes: ["environments", "environment crm"],
            kept: ["environment feature-crm", "environment feature-payroll"]),
        Case(
            testDescription: "an entry whose keys slid into the one before",
            text:
                "environments:\n  crm:\n    tier: dev\n    branch: feature/crm\n    payroll:\n    tier: dev\n    branch: feature/payroll\n",
            made: ["feature-x"], scopes: ["environments", "environment crm"],
            kept: ["environment feature-crm", "environment feature-payroll"]),
        Case(
            testDescription: "an entry that slid out of `environments`",
            text:
                "environments:\n  crm: {tier: dev, branch: feature/crm}\npayroll:\n  tier: dev\n  branch: feature/payroll\n",
            made: ["feature-x"], scopes: ["environments", "environment payroll"]),
        Case(
            testDescription: "an entry that slid into `tiers`",
            text:
                "environments:\n  crm: {tier: dev, branch: feature/crm}\ntiers:\n  payroll:\n    tier: dev\n    branch: feature/payroll\n",
            made: ["feature-x"], scopes: ["environments", "environment feature-x", "environment payroll"]),
        Case(
            testDescription: "a key of people that looks like one",
            text:
                "environments:\n  crm: {tier: dev, branch: feature/crm}\nx-payroll:\n  tier: dev\n  branch: feature/payroll\n",
            made: ["feature-payroll", "feature-x"], scopes: [], kept: []),
        Case(
            testDescription: "templates under another name",
            text:
                "environments:\n  crm: {tier: dev, branch: feature/crm}\ntemplates: {dev: {database: \"o_{slug}\"}}\n",
            made: ["feature-payroll", "feature-x"],
            scopes: ["environment feature-payroll", "environment feature-x"], kept: []),
    ]

    @Test("No other environment takes the branch of an entry that can't be read", arguments: cases)
    func claims(_ test: Case) {
        let state = Self.reading(test.text)
        #expect(state.environments.filter(\.isOfBranch).map(\.slug) == test.made)
        #expect((state.sources.arrivals == nil) == test.isOpen, "\(String(describing: state.sources.arrivals))")
        #expect(state.scopes == test.scopes)
        #expect(state.keptScopes == test.kept)
    }

    @Test func whatSlidOutIsToldAtItsPlace() {
        let state = Self.reading(
            "environments:\n  crm: {tier: dev, branch: feature/crm}\npayroll: {tier: dev, branch: feature/payroll}\n")
        #expect(state.faults == ["error SSOT-0006 ssot/environments.yaml:3:1"])
        #expect(state.diagnostics.first?.hint?.contains("Until then no environment goes") == true)
    }

    /// A pattern, what is told of it, and what is meant.
    @Test(
        "A pattern that no branch matches is told, and a slip in it is named",
        arguments: [
            ("feature/*", "", ""), ("hotfix/*", "note", ""), ("develop", "note", ""),
            ("feture/*", "warning", "feature/*"), ("Feature/**", "warning", "feature/**"), ("mian", "warning", "main"),
            // What another mapping takes is no slip of this one.
            ("fixes/*", "note", ""), ("v*", "", ""), ("refs/pull/*/head", "", ""), ("feature-*", "note", ""),
        ])
    func unused(_ pattern: String, _ severity: String, _ meant: String) {
        let state = read(
            [
                Paths.policies:
                    "branch_mappings:\n  - {pattern: \"fix/*\", tier: preview}\n  - {pattern: \"\(pattern)\", tier: dev}\n"
            ], branches: branches("main", "feature/payroll", "fix/tax"), tags: branches("v1"))
        let told = state.diagnostics.filter { $0.code == "SSOT-0029" }
        #expect(told.map(\.severity.rawValue) == (severity.isEmpty ? [] : [severity]))
        #expect(told.allSatisfy { $0.mark?.line == 3 })
        #expect(meant.isEmpty || told.first?.hint?.hasPrefix("Did you mean `\(meant)`?") == true, "\(told)")
    }

    @Test(
        "Nothing is told of patterns where branches aren't known, or there is none",
        arguments: [BranchListing.none, .unknown(reason: "time-out"), .known([])])
    func unknownBranches(_ listing: BranchListing) {
        let state = read([Paths.policies: "branch_mappings: [{pattern: \"feture/*\", tier: dev}]\n"], branches: listing)
        #expect(!state.diagnostics.contains { $0.code == "SSOT-0029" })
    }
}
