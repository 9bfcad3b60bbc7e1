import Basics
import Formats
import TestKit
import Testing

@testable import Simulator

/// The scopes of tokens are those of the provider's specification, so that a token that suffices here suffices there.
@Suite struct ScopeTests {
    @Test(.enabled(if: Places.sharedDirectory != nil))
    func everyCallNeedsWhatTheSpecificationSays() throws {
        let file = "\(try #require(Places.sharedDirectory))/specs/digitalocean.json"
        let paths = try JSON.parse(try FileSystem.read(file, limit: 1 << 26))["paths"]?.objectValue ?? [:]
        var (checked, missing) = (0, [String]())
        for served in ServedPath.all where served.provider == "digitalocean" {
            guard let operations = paths.members.first(where: { Self.isSame($0.name, served.path) })?.value else {
                missing.append(served.path)
                continue
            }
            for method in served.methods {
                let security = operations[method.lowercased()]?["security"]?.listValue ?? []
                let wanted = security.flatMap { $0.objectValue?.members ?? [] }
                    .flatMap { $0.value.listValue ?? [] }.compactMap(\.stringValue)
                    // Of the time before scopes were of single resources.
                    .filter { !$0.hasPrefix("api:") }
                let call = Call(
                    method: method, path: served.parts.dropFirst().map { $0 }, query: [], body: Value.Object(), base: ""
                )
                #expect(Provider.scopes(call).sorted() == wanted.sorted(), "\(method) \(served.path)")
                checked += 1
            }
        }
        #expect(checked > 100)
        // The specification at hand is not all of the provider's.
        #expect(missing == ["/v2/customers/my/balance", "/v2/databases/*/migrate", "/v2/databases/*/upgrade"])
    }

    @Test("A token is refused what one of its scopes lacks, and let in with all")
    func everyScopeCounts() async throws {
        for (scopes, status) in [
            (["domain:create"], 403), (["domain:update"], 403), (["domain:create", "domain:update"], 201),
        ] as [(Set<String>, Int)] {
            let (client, _) = try makeClient { $0.scopes = scopes.union(["tag:create"]) }
            if status == 201 {
                #expect(await client.post("/v2/domains", ["name": "shop.example"]).status == 201)
            }
            let answer = await client.post(
                "/v2/domains/shop.example/records", ["type": "A", "name": "www", "data": "198.51.100.7"])
            #expect(answer.status == status, "\(answer.text)")
        }
    }

    private static func isSame(_ template: String, _ path: String) -> Bool {
        let (one, other) = (template.split(separator: "/"), path.split(separator: "/"))
        return one.count == other.count && zip(one, other).allSatisfy { $0.hasPrefix("{") ? $1 == "*" : $0 == $1 }
    }
}
