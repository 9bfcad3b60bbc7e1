import Basics
import Formats
import Simulator
import Testing

@Suite struct PagingTests {
    @Test(arguments: [
        // total, query, items, which of first/prev/next/last there are
        (0, "", 0, ""), (1, "", 1, ""), (20, "", 20, ""), (21, "", 20, "next last"), (21, "page=2", 1, "first prev"),
        (45, "page=2", 20, "first prev next last"), (45, "page=3", 5, "first prev"), (45, "page=4", 0, "first prev"),
        (45, "page=0", 20, "next last"), (45, "page=-3", 20, "next last"), (45, "page=x", 20, "next last"),
        (250, "per_page=200", 200, "next last"), (250, "per_page=1000", 200, "next last"),
        (250, "page=2&per_page=200", 50, "first prev"), (3, "per_page=1&page=2", 1, "first prev next last"),
        (3, "per_page=0", 1, "next last"), (2, "page=9223372036854775807&per_page=200", 0, "first prev"),
    ])
    func pagesHaveTheirItemsAndLinks(total: Int, query: String, items: Int, links: String) async throws {
        let (client, _) = try makeClient()
        client.simulator.seedDroplets(count: total)
        let reply = await client.get("/v2/droplets" + (query.isEmpty ? "" : "?\(query)"))
        #expect(reply.status == 200)
        #expect(reply["droplets"].listValue?.count == items)
        #expect(reply["meta"]["total"]?.intValue == Int64(total))
        let pages = reply["links"]["pages"]?.objectValue?.members.map(\.name) ?? []
        #expect(pages.joined(separator: " ") == links)
    }

    @Test func followingNextVisitsEachDropletOnce() async throws {
        let (client, _) = try makeClient()
        let ids = client.simulator.seedDroplets(count: 450)
        var target: String? = "/v2/droplets?per_page=200"
        var seen: [Int64] = []
        var requests = 0
        while let next = target, requests < 10 {
            let reply = await client.get(next)
            requests += 1
            seen += reply["droplets"].listValue?.compactMap { $0["id"]?.intValue } ?? []
            target = reply["links"]["pages"]?["next"]?.stringValue.map {
                String($0.dropFirst("http://127.0.0.1:8090".count))
            }
        }
        #expect(requests == 3)
        #expect(seen == ids.map { Int64($0) })
    }

    @Test func linksKeepTheFilterAndThePrefix() async throws {
        let (client, _) = try makeClient()
        client.simulator.seedDroplets(count: 3, tags: ["env:prod"])
        let reply = await client.get("/digitalocean/v2/droplets?tag_name=env:prod&per_page=2")
        #expect(
            reply["links"]["pages"]?["next"]?.stringValue
                == "http://127.0.0.1:8090/digitalocean/v2/droplets?page=2&tag_name=env%3Aprod&per_page=2")
    }
}
