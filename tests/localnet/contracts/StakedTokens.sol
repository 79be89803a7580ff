// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// A token of which anybody gets as much as they like.
contract FreeToken is ERC20("Free", "FREE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// A token with allowances that are signed (ERC-2612) and payments that are (EIP-3009, as much as it takes).
contract SigningToken is ERC20Permit {
    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    mapping(address => mapping(bytes32 => bool)) private used;

    constructor() ERC20("Signing", "SIGN") ERC20Permit("Signing") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        require(to == msg.sender && block.timestamp > validAfter && block.timestamp < validBefore, "not now, not here");
        require(!used[from][nonce], "used");
        used[from][nonce] = true;
        bytes32 hash = keccak256(abi.encode(RECEIVE, from, to, value, validAfter, validBefore, nonce));
        require(ECDSA.recover(_hashTypedDataV4(hash), v, r, s) == from, "not signed");
        _transfer(from, to, value);
    }
}

/// A token that keeps a tenth of what is handed over.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) return super._update(from, to, amount);
        super._update(from, to, amount - amount / 10);
        super._update(from, address(0), amount / 10);
    }
}

/// A token that says it handed over what it did not.
contract LyingToken is ERC20("Lie", "LIE") {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// A token that stands still when it is told to.
contract FrozenToken is ERC20("Frozen", "ICE") {
    bool private frozen;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function freeze(bool frozen_) external {
        frozen = frozen_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!frozen || from == address(0), "frozen");
        super._update(from, to, amount);
    }
}

/// A token that calls somebody whenever it moves (as ERC-777 lets it), and a thief who is called.
contract CallingToken is ERC20("Calling", "CALL") {
    Thief private called;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function tell(Thief thief) external {
        called = thief;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && address(called) != address(0)) called.moved();
    }
}

/// Does one thing, and another in the midst of it.
contract Thief {
    CallingToken private immutable token;
    address private target;
    bytes private inner;

    constructor(CallingToken token_) {
        token = token_;
    }

    function act(address target_, bytes calldata outer, bytes calldata inner_) external {
        token.approve(target_, type(uint256).max);
        (target, inner) = (target_, inner_);
        _call(outer);
    }

    function moved() external {
        bytes memory data = inner;
        if (data.length == 0) return;
        delete inner;
        _call(data);
    }

    function _call(bytes memory data) private {
        (bool done, bytes memory answer) = target.call(data);
        if (!done) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}
