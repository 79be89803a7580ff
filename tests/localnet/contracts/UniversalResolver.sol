// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface Registry {
    function resolver(bytes32 node) external view returns (address);
}

interface Resolver {
    function supportsInterface(bytes4 id) external view returns (bool);
    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory);
    function name(bytes32 node) external view returns (string memory);
}

struct Request {
    address sender;
    string[] urls;
    bytes data;
}

interface BatchGateway {
    function query(Request[] calldata requests) external view returns (bool[] memory, bytes[] memory);
}

error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);
error ResolverNotFound(bytes name);
error ResolverError(bytes errorData);

/// What a client may expect of a universal resolver (ENSIP-23): it walks up the names, knows ENSIP-10, and passes
/// lookups of resolvers on as a batch (ENSIP-21). None of our packages carries ENS's own in compiled form, so this one
/// is ours, written after the ENSIPs and no larger than the tests need.
contract UniversalResolver {
    Registry private immutable registry;

    /// What has to be known when an answer comes back.
    struct Pending {
        address resolver;
        bool extended;
        bytes4 callbackFunction;
        bytes extraData;
    }

    constructor(Registry registry_) {
        registry = registry_;
    }

    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory, address) {
        (address resolver, bool exact) = findResolver(name);
        bool extended = resolver.code.length > 0 && isExtended(resolver);
        if (resolver == address(0) || !(exact || extended)) revert ResolverNotFound(name);
        bytes memory call = extended ? abi.encodeCall(Resolver.resolve, (name, data)) : data;
        return ask(resolver, extended, call);
    }

    function resolveCallback(bytes calldata response, bytes calldata extra)
        external
        view
        returns (bytes memory, address)
    {
        Pending memory pending = abi.decode(extra, (Pending));
        (bool[] memory failed, bytes[] memory answers) = abi.decode(response, (bool[], bytes[]));
        if (failed[0]) pass(answers[0]);
        bytes memory call = abi.encodeWithSelector(pending.callbackFunction, answers[0], pending.extraData);
        return ask(pending.resolver, pending.extended, call);
    }

    /// The primary name of an address on Ethereum. Whether the name points back is for the client to see.
    function reverse(bytes calldata lookupAddress, uint256) external view returns (string memory, address, address) {
        bytes32 label = keccak256(bytes(hexadecimal(lookupAddress)));
        bytes32 parent = node(node(bytes32(0), keccak256("reverse")), keccak256("addr"));
        bytes32 reverseNode = node(parent, label);
        address resolver = registry.resolver(reverseNode);
        if (resolver == address(0)) revert ResolverNotFound(lookupAddress);
        return (Resolver(resolver).name(reverseNode), address(0), resolver);
    }

    function ask(address resolver, bool extended, bytes memory call) private view returns (bytes memory, address) {
        (bool ok, bytes memory answer) = resolver.staticcall(call);
        if (ok) return (extended ? abi.decode(answer, (bytes)) : answer, resolver);
        if (answer.length < 4 || bytes4(answer) != OffchainLookup.selector) revert ResolverError(answer);
        (address sender, string[] memory urls, bytes memory data, bytes4 callbackFunction, bytes memory extra) =
            abi.decode(behindSelector(answer), (address, string[], bytes, bytes4, bytes));
        if (sender != resolver) revert ResolverError(answer);

        Request[] memory requests = new Request[](1);
        requests[0] = Request(resolver, urls, data);
        string[] memory gateways = new string[](1);
        gateways[0] = "x-batch-gateway:true";
        revert OffchainLookup(
            address(this),
            gateways,
            abi.encodeCall(BatchGateway.query, (requests)),
            this.resolveCallback.selector,
            abi.encode(Pending(resolver, extended, callbackFunction, extra))
        );
    }

    /// The resolver of the name or of the nearest parent that has one.
    function findResolver(bytes calldata name) private view returns (address resolver, bool exact) {
        for (uint256 at = 0; ; at += 1 + uint8(name[at])) {
            resolver = registry.resolver(namehash(name[at:]));
            if (resolver != address(0) || name[at] == 0) return (resolver, at == 0);
        }
    }

    function namehash(bytes calldata name) private pure returns (bytes32) {
        uint256 length = uint8(name[0]);
        return length == 0 ? bytes32(0) : node(namehash(name[1 + length:]), keccak256(name[1:1 + length]));
    }

    function node(bytes32 parent, bytes32 label) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(parent, label));
    }

    function isExtended(address resolver) private view returns (bool) {
        try Resolver(resolver).supportsInterface(Resolver.resolve.selector) returns (bool yes) {
            return yes;
        } catch {
            return false;
        }
    }

    function behindSelector(bytes memory error) private pure returns (bytes memory arguments) {
        arguments = new bytes(error.length - 4);
        for (uint256 i = 0; i < arguments.length; i++) arguments[i] = error[i + 4];
    }

    function pass(bytes memory error) private pure {
        assembly {
            revert(add(error, 32), mload(error))
        }
    }

    function hexadecimal(bytes calldata data) private pure returns (string memory) {
        bytes memory text = new bytes(2 * data.length);
        for (uint256 i = 0; i < text.length; i++) {
            uint8 digit = i % 2 == 0 ? uint8(data[i / 2]) >> 4 : uint8(data[i / 2]) & 15;
            text[i] = bytes1(digit + (digit < 10 ? 48 : 87));
        }
        return string(text);
    }
}
