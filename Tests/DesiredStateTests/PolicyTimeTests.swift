import Basics
import DesiredState
import Testing

/// What `.odooops/policies.yaml` says of times, and what becomes of it where it can't be read.
@Suite struct PolicyTimeTests {
    private static func policy(_ text: String) -> Policy { read([Paths.policies: text]).policy }

    @Test func windowsAndFreezesAreReadWhole() throws {
        let policy = Self.policy(
            """
            sync_windows:
              - {kind: deny, schedule: "0 18 * * fri", duration: 62h, time_zone: Europe/Berlin, tiers: [prod, staging], manual_sync: true, reason: weekend}
              - {kind: allow, schedule: "0 8 * * *", duration: 10h, environments: ["feature-*"]}
            freeze:
              production: {from: 2026-12-20, until: 2027-01-04, reason: holidays}
              all: {until: "2026-06-01T06:00:00+02:00", reason: move}
            """)
        #expect(policy.unreadableWindows.isEmpty)
        try #require(policy.syncWindows.count == 2 && policy.freezes.count == 2)
        let deny = policy.syncWindows[0]
        #expect(deny.kind == .deny && deny.allowsManual && deny.reason == "weekend" && deny.duration == .hours(62))
        #expect(deny.scope.tiers == [.production, .staging] && deny.timeZone == "Europe/Berlin")
        #expect(policy.syncWindows[1].timeZone == "UTC" && policy.timeZoneNames == ["Europe/Berlin", "UTC"])
        let freezes = policy.freezes.sorted { $0.until < $1.until }
        #expect(freezes[0].scope.isEverything && freezes[0].until.description == "2026-06-01T04:00:00Z")
        // The day that is named is still frozen.
        #expect(freezes[1].until.description == "2027-01-05T00:00:00Z" && freezes[1].scope.tiers == [.production])
    }

    /// What can't be read closes what it names, and everything where not even that can be told.
    @Test(
        arguments: [
            ("sync_windows: [{kind: alow, schedule: \"0 1 * * *\", duration: 1h, tiers: [dev]}]", [Tier.dev]),
            ("sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 40d, tiers: [dev]}]", [.dev]),
            ("sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 30s, tiers: [dev]}]", [.dev]),
            ("sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, tierss: [dev]}]", []),
            ("sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, tiers: [deev]}]", []),
            ("sync_window: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h}]", []),
            ("sync_windows: {kind: deny}", []),
            ("freeze: {production: {until: 2026-12-24, from: 2026-12-25, reason: x}}", [.production]),
            ("freeze: {production: {until: soon, reason: x}}", [.production]),
            ("freeze: {live: {until: 2026-12-24, reason: x}}", []),
            ("freeze: {dev: {until: 2026-12-24, reason: x}, dev: {until: 2026-12-25, reason: x}}", [.dev]),
            ("freeze: tomorrow", []), ("branch_mappings: [\n", []),
        ] as [(String, [Tier])])
    func whatCannotBeReadCloses(_ text: String, _ tiers: [Tier]) {
        let policy = Self.policy(text)
        #expect(policy.unreadableWindows.contains { $0.scope.tiers == tiers }, "\(policy.unreadableWindows)")
        let calendar = SyncCalendar(policy, zones: TimeZones())
        let subject = SyncSubject(environment: "a", tier: tiers.first ?? .preview)
        #expect(calendar.closure(of: [subject], at: Timestamp(seconds: 0), isManual: true) != nil)
        #expect(calendar.nextOpening(of: [subject], from: Timestamp(seconds: 0)) == nil)
    }

    @Test func aLifeHasALongForm() {
        let policy = Self.policy(
            """
            ttl_policies:
              dev_ephemeral: 7d
              dev_named:
                ttl: 14d
                from: last_activity
                warn_before: 48h
                grace: 12h
                extension_days: {longest: 7, most: 21}
            prune: {grace: 1h, guarded_grace: none}
            approvals: {valid_for: 4h, longest: 2h}
            """)
        let rule = policy.lifeRule(.named)
        #expect(rule.ttl == .after(.days(14)) && rule.start == .lastActivity && rule.warnBefore == .hours(48))
        #expect(rule.grace == .hours(12) && rule.longestExtension == 7 && rule.mostExtension == 21)
        let plain = policy.lifeRule(.ephemeral)
        #expect(
            plain
                == {
                    var rule = LifeRule(ttl: .after(.days(7))); rule.start = .created; return rule
                }())
        #expect(plain.warnBefore == .hours(24) && plain.grace == .zero)
        #expect(policy.prune.grace == .hours(1) && policy.prune.guardedGrace == .zero && policy.prune.unreadable == nil)
        // Nobody's approval holds longer than the most that may be said.
        #expect(policy.approvals.validFor == .hours(2) && policy.approvals.longest == .hours(2))
        let silent = Self.policy("branch_mappings: []\n")
        #expect(silent.prune == .standard && silent.prune.guardedGrace == .hours(24))
        #expect(silent.approvals.validFor == .hours(24))
    }

    @Test(arguments: ["prune: {grace: 5}", "prune: soon", "prune: {gracee: 1h}", "branch_mappings: [\n"])
    func aPruneThatCannotBeReadLetsNothingGo(_ text: String) { #expect(Self.policy(text).prune.unreadable != nil) }

    @Test func aZoneThatNobodyKnowsIsTold() {
        let state = read([
            Paths.policies:
                "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, time_zone: Mars/Olympus}]\n"
        ])
        let found = state.zoneDiagnostics(TimeZones())
        #expect(found.map(\.code) == ["SSOT-0027"])
        // At the name itself, and not where the window begins.
        #expect(found.map { $0.mark?.description } == ["\(Paths.policies):1:77"])
        #expect(state.diagnostics.isEmpty)
    }

    @Test(
        arguments: [
            ("Asia/Manilla", "Asia/Manila"), ("asia/manila", "Asia/Manila"), ("Europe/Berlim", "Europe/Berlin"),
            ("America/Argentina/Slta", "America/Argentina/Salta"), ("Mars/Olympus", nil), ("Europe", nil),
        ] as [(String, String?)]) func aZoneThatIsMisspeltIsSuggested(_ name: String, _ meant: String?) throws
    {
        try #require(FileSystem.isDirectory(TimeZones.directory))
        let state = read([
            Paths.policies:
                "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, time_zone: \(name)}]\n"
        ])
        let hint = try #require(state.zoneDiagnostics(TimeZones.load([name])).first?.hint)
        #expect(hint.contains(meant.map { "Did you mean `\($0)`?" } ?? "`Europe/Berlin`"))
    }

    @Test(
        arguments: [
            ("\" main\"", "a space"), ("\"main \"", "a space"), ("“main”", "U+201C"), ("\"a b\"", "a space"),
            ("\"main\\u00A0\"", "U+00A0"), ("«main»", "U+00AB"), ("\"main\\u205F\"", "U+205F"),
        ])
    func aPatternThatNoBranchCanHaveIsTold(_ pattern: String, _ sign: String) {
        let state = read([Paths.policies: "branch_mappings: [{pattern: \(pattern), tier: dev}]\n"])
        let errors = state.diagnostics.filter { $0.severity == .error && $0.message.hasPrefix("the pattern ") }
        #expect(errors.contains { $0.message.contains(" holds \(sign), ") }, "\(state.diagnostics)")
    }

    /// Beside a word that looks the same, the question alone would be a riddle.
    @Test(
        arguments: [("pr\u{43E}duction", "U+043E"), ("production\u{A0}", "U+00A0"), ("prodction", nil)]
            as [(String, String?)])
    func aLetterThatOnlyLooksRightIsNamed(_ tier: String, _ character: String?) throws {
        let state = read([Paths.policies: "branch_mappings: [{pattern: main, tier: \"\(tier)\"}]\n"])
        let hint = try #require(state.diagnostics.lazy.compactMap(\.hint).first { $0.hasPrefix("Did you mean") })
        #expect(hint.hasPrefix("Did you mean `production`?"))
        #expect(hint.contains("U+") == (character != nil) && hint.contains(character ?? "`production`"))
    }
}
