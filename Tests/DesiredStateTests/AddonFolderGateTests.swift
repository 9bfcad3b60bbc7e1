import Basics
import DesiredState
import TestKit
import Testing

/// Which folders of modules the two lists allow, and what of it can't be told.
@Suite struct AddonFolderGateTests {
    private static let orphans = "ssot/odoo/orphan_addons_allowlist.yaml"
    private static let head = "schema: ssot.odoo.orphan_addons_allowlist.v1\nversion: '1.0'\n"

    /// `fail 3 GATE-0093`.
    private static func text(_ gate: String, _ files: [String: String], _ paths: [String]?) -> String {
        let files = files.merging(["ssot/notes.yaml": "a: 1"]) { own, _ in own }
        let tree = SourceTree(
            revision: "r", files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none,
            listing: paths.map { PathListing($0) })
        guard let result = evaluateGates(tree, GateInputs()).first(where: { $0.name == gate }) else { return "-" }
        return ([result.verdict.rawValue, String(result.exitStatus)] + result.codes).joined(separator: " ")
    }

    @Test(
        arguments: [
            ("modules: [{name: ipai_a, reason: r}]", ["addons/ipai_a/x.py", "addons/ipai/b/x.py"], "pass 0"),
            // What doesn't begin so, or is no folder of a module, is not looked at.
            ("modules: []", ["addons/other/x.py", "addons/ipai/x.py", "addons/README.md"], "pass 0"),
            ("modules:", ["addons/other/x.py"], "pass 0"), ("notes: [n]", ["addons/other/x.py"], "pass 0"),
            ("modules: [{name: ipai_a, reason: r}]", ["addons/ipai_b/x.py"], "fail 3 GATE-0093"),
            ("modules: [{name: ipai_a, reason: r}]", ["addons/ipai_a/ipai_b/x.py"], "pass 0"),
            // A list that isn't as it should be ends the script with 2, and nothing is looked at.
            ("modules: [{name: ipai_a}]", ["addons/ipai_b/x.py"], "fail 2 GATE-0006"),
            ("modules: [{reason: r}]", ["addons/ipai_b/x.py"], "fail 2 GATE-0006"),
            ("modules: [ipai_a]", ["addons/ipai_a/x.py"], "fail 2 GATE-0006"),
            ("modules: [{name: ipai_a, reason: r}, {name: ipai_a, reason: r}]", ["addons/a/x"], "fail 2 GATE-0008"),
            ("modules: [{name: ipai_a, reason: r, owner: o}]", ["addons/a/x"], "fail 2 GATE-0007"),
            ("modules: {}", ["addons/a/x"], "fail 2 GATE-0006"), ("more: 1", ["addons/a/x"], "fail 2 GATE-0007"),
            // No input is not a pass.
            ("modules: []", nil, "unknown 2 GATE-0004"), ("modules: []", ["web/a"], "unknown 2 GATE-0001"),
            ("modules: []", ["addons/ipai_link", "addons/a/x"], "unknown 2 GATE-0004"),
            ("modules: [", ["addons/a/x"], "unknown 2 GATE-0002"),
        ] as [(String, [String]?, String)])
    func whatOdooDoesNotSeeIsListed(_ list: String, _ paths: [String]?, _ expected: String) {
        #expect(Self.text("orphan_addons", [Self.orphans: Self.head + list], paths) == expected)
    }

    @Test(arguments: [
        ("schema: other\nversion: '1.0'", "fail 2 GATE-0005"),
        ("schema: ssot.odoo.orphan_addons_allowlist.v1\nversion: '2.0'", "fail 2 GATE-0005"),
        ("schema: ssot.odoo.orphan_addons_allowlist.v1\nversion: 1.0", "pass 0"),
    ]) func theListOfOrphansIsOfOneVersion(_ head: String, _ expected: String) {
        #expect(Self.text("orphan_addons", [Self.orphans: "\(head)\nmodules: []"], ["addons/a/x"]) == expected)
    }

    @Test(
        arguments: [
            ("modules: [a, {name: b}]", ["addons/ipai/a/x", "addons/ipai/b/x"], "pass 0"),
            // As the script does: hidden folders, its own, the bridge and what is no folder are passed over.
            (
                "modules: [a]",
                [
                    "addons/ipai/a/x", "addons/ipai/.cache/x", "addons/ipai/scripts/x", "addons/ipai/README.md",
                    "addons/ipai/ipai_enterprise_bridge/x",
                ], "pass 0"
            ),
            ("modules: [a]", ["addons/ipai/a/x", "addons/ipai/b/c/x"], "fail 1 GATE-0093"),
            ("modules: [a]", ["addons/ipai/ipai_link", "addons/ipai/a/x"], "unknown 2 GATE-0004"),
            ("modules: []", ["addons/ipai/a/x"], "unknown 2 GATE-0001"),
            ("other: []", ["addons/ipai/a/x"], "unknown 2 GATE-0001"),
            // The script passes where the folder is not there.
            ("modules: [a]", ["addons/oca/a/x"], "unknown 2 GATE-0001"),
            ("modules: [a]", nil, "unknown 2 GATE-0004"),
        ] as [(String, [String]?, String)])
    func ownModulesAreListed(_ list: String, _ paths: [String]?, _ expected: String) {
        #expect(Self.text("addon_allowlist", ["ssot/odoo/addon_allowlist.yaml": list], paths) == expected)
    }

    /// The folder alone is reason enough to ask: the list that the script holds is not known here.
    @Test func modulesOfWhichNoListIsThereAreUnknown() {
        #expect(Self.text("addon_allowlist", [:], ["addons/ipai/a/x"]) == "unknown 2 GATE-0001")
        #expect(Self.text("addon_allowlist", [:], ["addons/oca/a/x"]) == "not_asked 0")
        #expect(Self.text("orphan_addons", [:], ["addons/ipai_a/x"]) == "not_asked 0")
    }
}
