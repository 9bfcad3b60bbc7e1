import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What a plan adds to the bill of a month, and what an account may have.
@Suite struct PriceTests {
    private static let inventory = """
        droplets:
          - {name: big, region: sgp1, size: s-2vcpu-4gb, image: u}
          - {name: new, region: sgp1, size: s-1vcpu-2gb, image: u}
          - {name: same, region: sgp1, size: s-1vcpu-2gb, image: u}
        databases:
          - {name: shop-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}

        """

    private static func droplet(_ name: String, _ size: String, _ price: Value) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(.droplet, name), providerID: name,
            attributes: Attributes([
                Attributes.Item("image", "u"), Attributes.Item("price_monthly", price),
                Attributes.Item("region", "sgp1"), Attributes.Item("size", .string(size)),
            ]), isOwned: true)
    }

    private static func plan(_ prices: PriceList?, limit: Int? = nil) -> Plan {
        let rules = ["engine", "image", "num_nodes", "region", "size", "version"].map { AttributeRule($0) }
        let desired = readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: [
                    SourceFile(path: "ssot/infra/digitalocean/inventory.yaml", text: inventory),
                    SourceFile(path: ".odooops/policies.yaml", text: "limits: {max_deletes: 8}\n"),
                ], branches: .known([])))
        let there = [
            droplet("big", "s-1vcpu-2gb", 12), droplet("same", "s-1vcpu-2gb", 12),
            droplet("other", "s-1vcpu-1gb", .number("6.5")),
        ]
        var input = PlanInput(
            desired: desired, inventory: Inventory(),
            observed: ObservedState([
                ObservedKind(kind: .droplet, completeness: .complete, resources: there),
                ObservedKind(kind: .databaseCluster, completeness: .complete, resources: []),
            ]),
            schemas: [
                .droplet: KindSchema(kind: .droplet, attributes: rules, isStateful: false, requests: { _, _ in 1 }),
                .databaseCluster: KindSchema(
                    kind: .databaseCluster, attributes: rules, isStateful: false, requests: { _, _ in 1 }),
            ], drivers: [:], now: Timestamp(seconds: 1_772_000_000))
        input.prices = prices
        input.prices?.dropletLimit = limit
        return makePlan(input)
    }

    private static let prices = PriceList(droplets: ["s-1vcpu-2gb": 1_200, "s-2vcpu-4gb": 2_450])

    @Test func pricesStandBesideTheChangesAndInTheSum() throws {
        let plan = Self.plan(Self.prices)
        let told = plan.changes.map { "\($0.action.rawValue) \($0.key.name)" }.sorted()
        #expect(told.contains("create new") && told.contains("create shop-pg"), "\(told)")
        let text = PlanText.render(plan, style: TextStyle(), context: PlanText.Context(now: Timestamp(seconds: 0)))
        #expect(text.contains("+$12 a month") && text.contains("its price is not told"), "\(text)")
        #expect(text.contains("$12 → $24.50"), "\(text)")
        #expect(PlanText.summaryLine(plan).contains("a month, 1 price not told"), "\(PlanText.summaryLine(plan))")
        let document = PlanDocument.json(plan, runID: "r", plannedAt: Timestamp(seconds: 0))
        let change = document["changes"]?.listValue?.first { $0["key"] == "digitalocean.droplet/new" }
        #expect(change?["monthly_usd"] == ["before": .null, "after": "12.00", "known": true])
        #expect(document["cost"]?["unknown_prices"] == 1)
        // It is for people: a saved plan stands whether or not prices could be read.
        #expect(plan.fingerprint == Self.plan(nil).fingerprint)
        #expect(!PlanText.summaryLine(Self.plan(nil)).contains("a month"))
        #expect(throws: Never.self) { try PlanDocument.parse(document) }
    }

    @Test(arguments: [(nil, true), (4, true), (3, false), (0, false)] as [(Int?, Bool)])
    func dropletsBeyondTheAccountsLimitAreBlocked(_ limit: Int?, _ isAllowed: Bool) {
        let plan = Self.plan(Self.prices, limit: limit)
        let change = plan.changes.first { $0.key.name == "new" }
        #expect((change?.verdict == .allowed) == isAllowed, "\(String(describing: change))")
        if !isAllowed, let limit {
            #expect(change?.verdictReason?.hasPrefix("the account may have \(limit) droplets; there are 3") == true)
            #expect(change?.hold == .impossible)
        }
    }
}
