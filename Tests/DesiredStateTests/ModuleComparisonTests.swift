import Basics
import DesiredState
import Testing

@Suite("Modules that are wanted, allowed and installed")
struct ModuleComparisonTests {
    private static func wanted(
        _ name: String, wave: Int? = nil, _ permission: PlannedModule.Permission = .allowed
    ) -> PlannedModule {
        PlannedModule(
            name: name, wave: wave, gate: nil, repository: nil, permission: permission,
            wantedBy: [SourceMark(file: "waves.yaml", line: 1, column: 1)])
    }

    private static let plan = ModulePlan(
        environment: "lab",
        modules: [
            wanted("b_first", wave: 1), wanted("a_first", wave: 1), wanted("second", wave: 2),
            wanted("blocked", .blocked),
            wanted("core", .unlisted), wanted("nobodys", .unlisted), wanted("pending", wave: 3),
        ], allowedModules: ["by_name"], allowedRepositories: ["queue"])

    private static let there: [InstalledModule] = [
        InstalledModule(name: "a_first", state: .installed, version: "19.0.1.0.0"),
        InstalledModule(name: "blocked", state: .installed, origin: .odoo),
        InstalledModule(name: "by_name", state: .installed),
        InstalledModule(name: "core", state: .installed, origin: .odoo),
        InstalledModule(name: "nobodys", state: .installed),
        InstalledModule(name: "of_queue", state: .installed, origin: .community("queue")),
        InstalledModule(name: "of_web", state: .installed, origin: .community("web")),
        InstalledModule(name: "paid", state: .installed, origin: .enterprise),
        InstalledModule(name: "pending", state: .toUpgrade), InstalledModule(name: "leaving", state: .toRemove),
        InstalledModule(name: "stock", state: .installed, origin: .odoo),
    ]

    private static func standings(_ comparison: ModuleComparison) -> [String: ModuleComparison.Standing?] {
        Dictionary(uniqueKeysWithValues: comparison.rows.map { ($0.name, $0.standing) })
    }

    @Test("Each module stands in one way, by wave and name, and what forbids goes before what allows")
    func standings() {
        let comparison = ModuleComparison(of: "lab", Self.plan, .modules(Self.there))
        let expected: [String: ModuleComparison.Standing?] = [
            "a_first": .installed, "b_first": .missing, "second": .missing, "blocked": .notAllowed, "core": .installed,
            "nobodys": .notAllowed, "pending": .pending, "leaving": .pending, "by_name": .extra, "of_queue": .extra,
            "of_web": .notAllowed, "paid": .notAllowed, "stock": .extra,
        ]
        #expect(Self.standings(comparison) == expected)
        #expect(comparison.rows.prefix(4).map(\.name) == ["a_first", "b_first", "second", "pending"])
        #expect(
            comparison.rows.dropFirst(4).map(\.name)
                == expected.keys.filter { name in
                    !["a_first", "b_first", "second", "pending"].contains(name)
                }.sorted())
        #expect(ModuleComparison.Standing.allCases.reduce(0) { $0 + comparison.count($1) } == comparison.rows.count)
        #expect(
            comparison.notes == [
                "1 module to upgrade: pending", "1 module to remove: leaving",
                "4 modules installed that no document allows: blocked, nobodys, of_web, paid",
                "1 module of wave 1 missing: b_first", "1 module of wave 2 missing: second",
            ])
        // The order of what was found changes nothing.
        #expect(ModuleComparison(of: "lab", Self.plan, .modules(Self.there.reversed())) == comparison)
    }

    @Test("What nobody has looked at is not missing; where Odoo isn't set up all that is wanted is")
    func whatIsNotKnown() {
        let unseen = ModuleComparison(of: "lab", Self.plan, nil)
        #expect(unseen.rows.count == 7 && unseen.rows.allSatisfy { $0.standing == nil } && unseen.notes == [])
        let empty = ModuleComparison(of: "lab", Self.plan, .notInitialised)
        #expect(empty.count(.missing) == 7)
        // Nor is anything forbidden by documents that nobody has read; what an upgrade left behind shows all the same.
        let unread = ModuleComparison(of: "lab", nil, .modules(Self.there))
        #expect(unread.rows.count == Self.there.count && unread.count(.pending) == 2)
        #expect(unread.rows.count { $0.standing == nil } == Self.there.count - 2)
    }

    @Test("Where no list says what may be installed, nothing is forbidden but what is blocked")
    func withoutLists() {
        let free = ModulePlan(
            environment: "lab", modules: Self.plan.modules, allowedModules: [], allowedRepositories: [],
            isLimited: false)
        let comparison = ModuleComparison(of: "lab", free, .modules(Self.there))
        #expect(comparison.rows.filter { $0.standing == .notAllowed }.map(\.name) == ["blocked"])
    }

    @Test("Notes name eight modules and count the rest")
    func longNotes() {
        let names = (1...11).map { "m\($0 < 10 ? "0" : "")\($0)" }
        let plan = ModulePlan(
            environment: "lab", modules: names.map { Self.wanted($0) }, allowedModules: [], allowedRepositories: [])
        #expect(
            ModuleComparison(of: "lab", plan, .notInitialised).notes == [
                "11 modules without a wave missing: m01, m02, m03, m04, m05, m06, m07, m08 and 3 more"
            ])
    }

    @Test(
        "Whose a module is, by what its manifest says",
        arguments: [
            ("Odoo S.A.", "https://www.odoo.com/app/sales", "LGPL-3", "odoo"),
            ("Odoo S.A.", nil, "OEEL-1", "enterprise"),
            ("ACSONE, Odoo Community Association (OCA)", "https://github.com/OCA/queue", "LGPL-3", "OCA/queue"),
            ("Odoo S.A.", "http://www.github.com/oca/web.git/", "AGPL-3", "OCA/web"),
            ("x", "https://github.com/OCA/web/tree/19.0#readme", nil, "OCA/web"),
            ("x", "https://github.com/OCA/", nil, nil),
            ("x", "https://github.com/acme/web", nil, nil), ("x", "https://github.com/OCA/we b", nil, nil),
            ("ACME", "https://acme.example/github.com", "OPL-1", nil), (nil, nil, nil, nil),
        ] as [(String?, String?, String?, String?)])
    func origins(_ author: String?, _ website: String?, _ license: String?, _ text: String?) {
        let origin = ModuleOrigin(author: author, website: website, license: license)
        #expect(origin.text == text)
        #expect(ModuleOrigin(text: origin.text) == origin)
    }

    @Test("The waves of a document and an allowlist are held against what is installed")
    func ofDocuments() throws {
        let state = read([
            "ssot/environments.yaml":
                "schema: ssot.environments.v1\nenvironments: {live: {tier: production, branch: main}}\n",
            "ssot/odoo/install_manifest.yaml": """
            db: odoo_prod
            waves:
              - {wave: 1, modules: [{name: queue_job, source: OCA/queue}]}
              - {wave: 2, modules: [{name: mis_builder, source: OCA/mis-builder}]}

            """,
            "ssot/odoo/module_allowlist.yaml": "modules: [queue_job, mis_builder, web_responsive]\n",
        ])
        let plan = try #require(state.modulePlans.first { $0.environment == "live" })
        #expect(plan.isLimited)
        let comparison = ModuleComparison(
            of: "live", plan,
            .modules([
                InstalledModule(name: "queue_job", state: .installed),
                InstalledModule(name: "web_responsive", state: .installed),
                InstalledModule(name: "backdoor", state: .installed),
            ]))
        #expect(
            Self.standings(comparison) == [
                "queue_job": .installed, "mis_builder": .missing, "web_responsive": .extra, "backdoor": .notAllowed,
            ])
        #expect(comparison.rows.map { $0.planned?.wave } == [1, 2, nil, nil])
    }
}
