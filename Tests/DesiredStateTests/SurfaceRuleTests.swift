import Basics
import DesiredState
import Testing

/// What the inventory wants is held against the policy of the same commit, before any plan denies it.
@Suite struct SurfaceRuleTests {
    private static let now = Timestamp(date: "2026-06-01") ?? Timestamp(seconds: 0)
    private static let inventory = """
        droplets:
          - {name: a, region: nyc3, size: s, image: u, tags: ["owner:erp"]}
          - {name: b, region: sgp1, size: s, image: u, tags: ["owner:erp"]}
          - {name: c, region: sgp1, size: s, image: u, tags: ["owner:"]}
        volumes: [{name: v, region: sgp1, size_gb: 10}]
        spaces: [{name: files, region: sgp1}]
        """

    private static func told(_ policy: String, _ inventory: String = inventory) -> [String] {
        read([Paths.inventory: inventory, Paths.policy: policy]).surfaceDiagnostics(at: now).map { diagnostic in
            let places = [diagnostic.mark] + diagnostic.notes.map(\.mark)
            return "\(diagnostic.severity) \(diagnostic.code) "
                + places.map { "\($0?.line ?? 0):\($0?.column ?? 0)" }.joined(separator: " ")
        }
    }

    @Test(
        arguments: [
            // The attribute, and the rule.
            ("allowed_surfaces:\n  droplets: {allowed: true, regions_allowed: [sgp1]}", ["2:23 2:46"]),
            ("allowed_surfaces:\n  droplets:\n    allowed: true\n    required_tags: [\"owner:<team>\"]", ["4:54 4:20"]),
            // The last ones of the document are too many.
            ("allowed_surfaces:\n  droplets: {allowed: true, max_count: 1}", ["3:5 2:40", "4:5 2:40"]),
            ("allowed_surfaces:\n  droplets: {allowed: true, max_count: 3}", []),
            // One that breaks another rule counts as well.
            (
                "allowed_surfaces:\n  droplets: {allowed: true, regions_allowed: [sgp1], max_count: 2}",
                ["2:23 2:46", "4:5 2:65"]
            ),
            ("allowed_surfaces:\n  volumes: {allowed: false}", ["5:11 2:22"]),
            // A bucket carries no tags, and a volume may.
            ("allowed_surfaces:\n  spaces_object_storage: {allowed: true, required_tags: [x]}", []),
            ("allowed_surfaces:\n  volumes: {allowed: true, required_tags: [x]}", ["5:11 2:43"]),
            ("allowed_surfaces:\n  app_platform: {allowed: false}", []),
        ] as [(String, [String])])
    func `each rule is told with both ends`(policy: String, expected: [String]) {
        #expect(Self.told(policy) == expected.map { "warning SSOT-0053 \($0)" })
    }

    @Test(
        arguments: [
            ("approved_date: 2026-01-01, expiry_date: 2026-12-31", true),
            ("approved_date: 2026-01-01, expiry_date: 2026-05-31", false),
            ("approved_date: 2026-07-01, expiry_date: 2026-12-31", false),
        ])
    func `an exception that is in force lifts the rules of its surface`(exception: String, isLifted: Bool) {
        let policy = """
            allowed_surfaces: {droplets: {allowed: true, regions_allowed: [sgp1]}}
            exceptions: [{surface: droplets, reason: r, approved_by: ann, \(exception)}]
            """
        #expect(Self.told(policy).isEmpty == isLifted)
    }

    @Test func `the example is as its policy wants`() throws {
        #expect(readDesiredState(try exampleTree()).surfaceDiagnostics(at: Self.now) == [])
    }
}
