import DesiredState
import Testing

@testable import struct DesiredState.EnvironmentTemplate

/// Durations, quantities, slugs and patterns.
@Suite struct ValueTests {
    @Test(arguments: [
        ("7d", 604_800), ("12h", 43_200), ("30m", 1_800), ("45s", 45), ("2w", 1_209_600), ("36500d", 3_153_600_000),
    ]) func aDurationIsReadExactly(_ text: String, _ seconds: Int) throws {
        #expect(try TimeToLive(parsing: text) == .after(.seconds(seconds)))
    }

    @Test(arguments: [
        ("", DurationFault.empty), ("7", .form), ("d", .form), ("0d", .notPositive), ("-1d", .notPositive),
        ("1w2x", .form), ("1d12h", .form), ("1.5d", .form), (" 7d", .form), ("7D", .form), ("+7d", .form),
        ("99999999999999999999d", .tooLong), ("9223372036854775807w", .tooLong), ("40000d", .tooLong), ("Never", .form),
        ("٧d", .form),
    ]) func aWrongDurationIsRefused(_ text: String, _ fault: DurationFault) {
        #expect(throws: fault) { try TimeToLive(parsing: text) }
    }

    @Test func neverIsNoDuration() throws { #expect(try TimeToLive(parsing: "never") == .never) }

    @Test(
        arguments: [
            ("10Gi", 10_737_418_240), ("9Gi", 9_663_676_416), ("512Mi", 536_870_912), ("500M", 500_000_000),
            ("1.5Gi", 1_610_612_736),
            ("0", 0), ("1024", 1024), ("8k", 8_000),
        ] as [(String, Int64)]) func bytesAreNumbers(_ text: String, _ bytes: Int64) throws
    {
        #expect(try Quantity.bytes(text) == bytes)
    }

    @Test(arguments: ["8Gi", "500M", "512Mi", "10G", "1Ki", "3", "1k", "0"]) func bytesAreWrittenAsTheyWere(
        _ text: String
    ) throws { #expect(try Quantity.text(bytes: Quantity.bytes(text)) == text) }

    @Test(arguments: ["2", "500m", "1500m"]) func processorsAreWrittenAsTheyWere(_ text: String) throws {
        #expect(try Quantity.text(millicores: Quantity.millicores(text)) == text)
    }

    @Test func nineIsLessThanTen() throws { #expect(try Quantity.bytes("9Gi") < Quantity.bytes("10Gi")) }

    @Test(arguments: [
        ("", Quantity.Fault.empty), ("-1Gi", .negative), ("Gi", .form), ("1..5Gi", .form), ("10GB", .unknownUnit("GB")),
        ("10 Gi", .unknownUnit(" Gi")), ("9000000000Gi", .tooLarge), ("99999999999999999999", .tooLarge),
        ("0.3Ki", .fraction),
        ("9999999Pi", .tooLarge),
    ]) func wrongBytesAreRefused(_ text: String, _ fault: Quantity.Fault) {
        #expect(throws: fault) { try Quantity.bytes(text) }
    }

    @Test(arguments: [("1000m", 1_000), ("2", 2_000), ("0.5", 500), ("250m", 250)] as [(String, Int64)])
    func processorsAreThousandths(_ text: String, _ millicores: Int64) throws {
        #expect(try Quantity.millicores(text) == millicores)
    }

    @Test(arguments: [
        ("feature/crm-import", "feature-crm-import"), ("develop", "develop"), ("fix/42", "fix-42"),
        ("Feature/CRM_Import", "feature-crm-import-"), ("release/1.2", "release-1-2-"), ("a/b/c", "a-b-c-"),
        ("feature-crm/import", "feature-crm-import-"),
        ("feature/" + String(repeating: "x", count: 60), "feature-xxxxxxxxxxxxxxxxxxxxxxxxx-"),
        ("日本", "branch-"), ("--", "branch-"),
    ]) func aSlugFollowsFromTheBranchAlone(_ branch: String, _ start: String) {
        let slug = Slug.of(branch: branch)
        #expect(Slug.isValid(slug))
        #expect(slug == Slug.of(branch: branch))
        if start.hasSuffix("-") {
            #expect(slug.hasPrefix(start) && slug.utf8.count == start.utf8.count + 6)
        } else {
            #expect(slug == start)
        }
    }

    @Test func branchesThatLookAlikeHaveSlugsOfTheirOwn() {
        let names = [
            "feature/crm-import", "feature-crm/import", "feature/crm/import", "feature-crm-import",
            "Feature/crm-import",
            "feature/crm_import", "feature/crm.import", "feature//crm-import", "feature/crm-import-",
            "feature/crm--import",
        ]
        #expect(Set(names.map { Slug.of(branch: $0) }).count == names.count)
    }

    @Test(
        arguments: [
            ("odoo_{slug_underscored}", nil), ("{slug}.dev.example.com", nil), ("{tier}-{slug}", nil), ("plain", nil),
            ("{name}", "{name}"), ("{slug", "{slug"), ("slug}", "}"),
        ] as [(String, String?)]) func onlyKnownPlaceholdersPass(_ text: String, _ unknown: String?)
    {
        #expect(EnvironmentTemplate.unknownPlaceholder(in: text, among: EnvironmentTemplate.placeholders) == unknown)
    }
}
