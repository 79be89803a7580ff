// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// Things of which there is one each; whoever wants one gets it.
contract TradedDeeds is ERC721("Deeds", "DEED") {
    uint256 private next;

    function mint(address to) external {
        _mint(to, next++);
    }
}

/// Things of which there are many; whoever wants some gets them.
contract TradedPrints is ERC1155("https://prints.example/{id}") {
    function mint(address to, uint256 token, uint256 count) external {
        _mint(to, token, count, "");
    }
}
